"""What the letters about a repayment plan say: domain.md 4.4 and 5 (plan agreement, missed, failed, completed)."""

from datetime import date
from typing import Any

import pytest

from services.notify.domain import identity
from services.notify.domain.dispatch import Hold, reason_to_keep_plan_back
from services.notify.domain.plans import STAGE_OF, asked_pence, letter_of
from shared.events.arrears import HoldKind, PlanChanged, PlanState
from tests.support.letters import ISSUED, a_plan_change
from tests.unit.notify.cases import a_case, pdf_press, stationery, texts, written

LETTERS = (PlanState.AGREED, PlanState.WARNED, PlanState.FAILED, PlanState.COMPLETED)


def pages_of(changed: PlanChanged) -> list[str]:
    """The letter's pages, text and HTML, each in one line."""
    return [" ".join(page.split()) for page in texts(a_case(changed))]


def words_of(state: PlanState, **more: Any) -> str:
    return pages_of(a_plan_change(state, **more))[0]


@pytest.mark.parametrize("state", LETTERS)
def test_every_letter_of_a_plan_is_an_accessible_page(state: PlanState) -> None:
    changed = a_plan_change(state)
    assert pdf_press().press(written(a_case(changed)), ISSUED).startswith(b"%PDF-")


def test_the_agreement_has_the_whole_schedule_and_the_break_terms() -> None:
    for page in pages_of(a_plan_change()):
        for words in (
            "you pay £437.50 of your account for Flat 2/1, 14 Alder Street, Glasgow G42 8AB in instalments,",
            "one a month, by standing order.",
            "31 May 2026", "30 June 2026", "31 July 2026", "£145.83", "£145.84", "Together", "the first on 31 May 2026",
            "not with us 5 working days after its day, we write to you, and you have 10 days to catch up.",
            "if 2 of any 3 instalments in a row are missed.", "Please pay each statement by its due date, too.",
        ):  # fmt: skip
            assert words in page, words


def test_the_clause_of_current_charges_is_said_only_where_it_was_agreed() -> None:
    words = words_of(PlanState.AGREED, current_charges=False)
    assert "the plan ends if it stays unpaid" not in words
    assert "Your statements say when they are due." in words


def test_a_warning_says_what_is_missing_and_until_when_to_catch_up_and_names_free_advice() -> None:
    words = words_of(PlanState.WARNED)
    assert "£145.83 of the instalments of your repayment plan" in words
    assert "Please pay £145.83 by 18 June 2026." in words
    assert "StepChange Debt Charity Scotland" in words
    assert "What is not part of the plan has to be paid on time" not in words


def test_a_warning_does_not_promise_that_the_plan_goes_on_when_the_next_instalments_are_missed() -> None:
    """Weekly instalments: the second one's grace is over before the days to catch up are."""
    assert "or if 2 of any 3 instalments in a row are missed, the plan ends," in words_of(PlanState.WARNED)


def test_a_warning_of_current_charges_asks_for_those_alone() -> None:
    words = words_of(PlanState.WARNED, warned_of=("current",), current_pence=120_00, short_pence=3_00)
    assert "£120.00 beside the plan, for Flat 2/1" in words
    assert "Please pay £120.00 by 18 June 2026." in words
    assert "of the instalments of your repayment plan" not in words


def test_a_warning_of_both_asks_for_both() -> None:
    changed = a_plan_change(PlanState.WARNED, warned_of=("current", "instalment"), current_pence=120_00)
    assert asked_pence(changed) == 265_83
    assert "Please pay £265.83 by 18 June 2026." in pages_of(changed)[0]


def test_a_failed_plan_says_what_is_left_and_that_another_may_be_agreed() -> None:
    words = words_of(PlanState.FAILED, paid_pence=145_83)
    assert "By then £291.67 of it was unpaid, and that is due now." in words
    assert "may agree another plan" in words
    assert "StepChange Debt Charity Scotland" in words


def test_a_completed_plan_is_thanked_for_and_what_is_tolerated_is_named() -> None:
    assert "Nothing is left to pay of the £437.50" in words_of(PlanState.COMPLETED)
    words = words_of(PlanState.COMPLETED, paid_pence=434_50)
    assert "only £3.00 is left" in words
    assert "Nothing is left" not in words


@pytest.mark.parametrize("state", [PlanState.WARNED, PlanState.FAILED])
def test_who_is_behind_is_told_of_every_free_adviser_there_is(state: PlanState) -> None:
    words = words_of(state)
    assert all(body.name in words for body in stationery().common.advice.rows)
    assert len(stationery().common.advice.rows) == 4


def test_a_completed_plan_promises_no_letter_that_there_is_not() -> None:
    assert letter_of(a_plan_change(PlanState.AGREED, change=5)) is None, "it stands again, and is not behind"
    assert "we would write to you" not in words_of(PlanState.COMPLETED)


@pytest.mark.parametrize(
    "changed",
    [
        a_plan_change(PlanState.ENDED), a_plan_change(PlanState.AGREED, change=3),
        a_plan_change(PlanState.WARNED, instalments=None), a_plan_change(PlanState.AGREED, changed_on=None),
    ],
)  # fmt: skip
def test_an_officers_end_a_plan_that_stands_again_and_a_change_without_its_schedule_have_no_letter(
    changed: PlanChanged,
) -> None:
    assert letter_of(changed) is None


def test_a_change_of_a_plan_is_one_letter() -> None:
    assert len({identity.plan_key("PL-1", 2), identity.plan_key("PL-1", 3), identity.plan_key("PL-12", 2)}) == 3


STOPPED = {
    HoldKind.DECEASED: {1, 2}, HoldKind.RETURNED_MAIL: {1, 2}, HoldKind.MORATORIUM: {1, 2}, HoldKind.FTT: {1, 2},
    HoldKind.DISPUTE: {1, 2}, HoldKind.SALE_PENDING: {1, 2}, HoldKind.VULNERABLE: {2}, HoldKind.INSOLVENCY: {2},
    HoldKind.COMPLAINT_OPEN: set(), HoldKind.PLAN_ACTIVE: set(),
}  # fmt: skip


@pytest.mark.parametrize("kind", HoldKind)
@pytest.mark.parametrize("template", STAGE_OF)
def test_a_hold_keeps_the_letters_back_that_are_like_what_it_stops(kind: HoldKind, template: str) -> None:
    changed, stage = a_plan_change(), STAGE_OF[template]

    def reason(*holds: Hold) -> str | None:
        return reason_to_keep_plan_back(changed, stage, 0, 0, holds)

    expected = f"hold:{kind}" if stage in STOPPED[kind] else None
    assert reason(Hold(kind, None)) == expected
    assert reason(Hold(kind, "C1")) == expected, "on a charge of the plan"
    assert reason(Hold(kind, "C9")) is None, "on another charge"
    assert reason(Hold(kind, None, is_lifted=True)) is None


@pytest.mark.parametrize(("paid", "reason"), [(145_82, None), (145_83, "paid-since"), (0, None)])
def test_a_warning_of_what_is_paid_since_does_not_leave(paid: int, reason: str | None) -> None:
    changed = a_plan_change(PlanState.WARNED)
    assert reason_to_keep_plan_back(changed, 2, asked_pence(changed), paid, ()) == reason
    agreed = a_plan_change(PlanState.AGREED)
    assert reason_to_keep_plan_back(agreed, 1, asked_pence(agreed), 437_50, ()) is None


def test_a_warning_of_a_charge_that_is_disputed_since_does_not_leave() -> None:
    warned, agreed = a_plan_change(PlanState.WARNED), a_plan_change(PlanState.AGREED)
    assert reason_to_keep_plan_back(warned, 2, asked_pence(warned), 0, (), {"C1"}) == "disputed-since"
    assert reason_to_keep_plan_back(warned, 2, asked_pence(warned), 0, (), {"C9"}) is None
    assert reason_to_keep_plan_back(agreed, 1, asked_pence(agreed), 0, (), {"C1"}) is None


def test_the_catch_up_day_is_written_out() -> None:
    assert "1 July 2026" in words_of(PlanState.WARNED, catch_up_by=date(2026, 7, 1))
