"""The check before a reminder leaves, and what answers of a mail server lead to."""

from datetime import date, timedelta

import pytest

from services.notify.domain.dispatch import (
    Answer,
    Debts,
    Hold,
    Patience,
    State,
    Step,
    after,
    is_allowed,
    reason_to_suppress,
)
from shared.events.arrears import HoldKind, OverdueItem, StageReached
from tests.support.letters import a_stage

PATIENCE = Patience()
DUE_ON = date(2026, 4, 29)


def step(answer: Answer, attempts: int = 0, silences: int = 0, hours: int = 0) -> Step:
    return after(answer, attempts=attempts, silences=silences, tried_for=timedelta(hours=hours), patience=PATIENCE)


@pytest.mark.parametrize(
    ("paid", "reason"),
    [(0, None), (12_815, None), (12_816, "paid-since"), (14_815, "paid-since"), (99_999, "paid-since"), (-5000, None)],
)
def test_a_reminder_goes_out_while_the_minimum_is_still_overdue(paid: int, reason: str | None) -> None:
    assert reason_to_suppress(a_stage(overdue=14_815, minimum=2_000), paid, []) == reason


@pytest.mark.parametrize(
    ("kind", "stage", "stops"),
    [
        (HoldKind.DISPUTE, 1, True),
        (HoldKind.PLAN_ACTIVE, 1, True), (HoldKind.MORATORIUM, 1, True), (HoldKind.DECEASED, 1, True),
        (HoldKind.VULNERABLE, 1, False), (HoldKind.VULNERABLE, 2, True), (HoldKind.COMPLAINT_OPEN, 2, False),
    ],
)  # fmt: skip
def test_a_hold_on_the_account_stops_reminders(kind: HoldKind, stage: int, stops: bool) -> None:
    assert (reason_to_suppress(a_stage(stage), 0, [Hold(kind, None)]) is not None) is stops


def test_a_letter_that_chases_a_charge_held_since_does_not_go() -> None:
    """However much of the rest is overdue: the letter names the charge and its sum."""
    assert reason_to_suppress(a_stage(), 0, [Hold(HoldKind.DISPUTE, "C1")]) == "held-charges"
    assert reason_to_suppress(two_charges(), 0, [Hold(HoldKind.FTT, "C2")]) == "held-charges"
    assert reason_to_suppress(a_stage(), 0, [Hold(HoldKind.DISPUTE, "C9")]) is None
    assert reason_to_suppress(a_stage(), 0, [Hold(HoldKind.MORATORIUM, "C1")]) == "held-charges"
    assert reason_to_suppress(a_stage(), 0, [Hold(HoldKind.VULNERABLE, "C1")]) is None
    assert reason_to_suppress(a_stage(2), 0, [Hold(HoldKind.VULNERABLE, "C1")]) == "held-charges"


@pytest.mark.parametrize(
    ("charge_id", "started_on", "reason"),
    [
        (None, date(2026, 4, 29), "hold:insolvency"),
        (None, date(2026, 4, 28), None),
        ("C1", date(2026, 4, 29), "hold:insolvency"),
        ("C9", date(2026, 4, 29), None),
        (None, None, "hold:insolvency"),
    ],
)
def test_an_insolvency_stops_letters_that_chase_debt_due_by_its_day_case_33(
    charge_id: str | None, started_on: date | None, reason: str | None
) -> None:
    hold = Hold(HoldKind.INSOLVENCY, charge_id, started_on)
    assert reason_to_suppress(a_stage(), 0, [hold]) == reason


def test_one_frozen_charge_stops_a_letter_that_names_others_too() -> None:
    later = two_charges().items[1].model_copy(update={"due_on": date(2026, 7, 29)})
    mixed = a_stage().model_copy(update={"items": (later, *a_stage().items)})
    assert reason_to_suppress(mixed, 0, [Hold(HoldKind.INSOLVENCY, None, date(2026, 5, 1))]) == "hold:insolvency"


def test_a_letter_that_chases_a_charge_disputed_since_does_not_go() -> None:
    assert reason_to_suppress(a_stage(), 0, [], {"C1"}) == "disputed-since"
    assert reason_to_suppress(two_charges(), 0, [], {"C2"}) == "disputed-since"
    assert reason_to_suppress(two_charges(), 0, [], {"C9"}) is None


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (None, None),
        ({}, "no-longer-open"),
        ({("C1", DUE_ON): 20_00}, None),
        ({("C1", DUE_ON): 19_99}, "no-longer-open"),
        ({("C1", date(2026, 7, 29)): 300_00, ("C9", DUE_ON): 300_00}, "no-longer-open"),
    ],
)
def test_a_letter_goes_out_while_the_minimum_of_what_it_names_is_still_open(
    left: Debts | None, reason: str | None
) -> None:
    assert reason_to_suppress(a_stage(), 0, [], still_open=left) == reason


def test_a_letter_that_names_nothing_open_does_not_go_whatever_its_minimum() -> None:
    assert reason_to_suppress(a_stage(minimum=0), 0, [], still_open={}) == "no-longer-open"


def two_charges() -> StageReached:
    """£500.00 overdue, £10.00 of it of another charge."""
    whole = a_stage(overdue=500_00)
    small = OverdueItem(charge_id="C2", due_on=whole.oldest_due_on, open_pence=10_00)
    large = whole.items[0].model_copy(update={"open_pence": 490_00})
    return whole.model_copy(update={"items": (large, small)})


def test_refusals_that_may_pass_are_retried_ever_more_slowly() -> None:
    waits = [step(Answer.NOT_NOW, attempts).wait for attempts in range(12)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == timedelta(hours=6)


def test_after_three_days_a_person_looks() -> None:
    assert step(Answer.NO_CONNECTION, 20, hours=72).state is State.FAILED


def test_a_final_refusal_bounces() -> None:
    assert step(Answer.REFUSED).state is State.BOUNCED


def test_silence_leads_to_one_more_attempt_and_no_third() -> None:
    assert step(Answer.SILENCE) == Step(State.UNKNOWN, timedelta(minutes=15))
    assert step(Answer.SILENCE, silences=1).state is State.FAILED


def test_mail_goes_to_allowed_domains_only() -> None:
    assert is_allowed("a@Example.org", frozenset({"example.org"}))
    assert not is_allowed("a@example.org.evil.net", frozenset({"example.org"}))
    assert is_allowed("a@anywhere.net", frozenset())
