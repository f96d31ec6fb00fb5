"""The ladder, rule by rule (contract.md 6; domain.md 4.2, 4.3 and cases 9.19, 9.27-9.30, 9.32-9.33)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.arrears.domain.account import Account, Hold, Item, Rung
from services.arrears.domain.ladder import Decision, assess
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.settings import read_ladder_policies
from shared.calendar import is_office_day
from shared.dated import in_force
from shared.events.arrears import HoldKind

POLICY = read_ladder_policies()[0]
ISSUED = date(2026, 4, 1)
REMINDER_1 = ISSUED + timedelta(days=35)
REMINDER_2 = ISSUED + timedelta(days=49)
AFTER_1 = Rung(stage=1, stage_on=REMINDER_1, letter_on=REMINDER_1)


def item(pence: int = 9550, charge: str = "C1", issued: date = ISSUED) -> Item:
    return Item(charge, issued, issued + timedelta(days=28), pence)


def account(*items: Item, **more: object) -> Account:
    kept = items or (item(),)
    made = Account("A1", "F0000000001Z", False, sum(one.open_pence for one in kept), kept)
    return replace(made, **more)  # type: ignore[arg-type]


def stage(decision: Decision) -> int:
    return decision.reached.number if decision.reached else 0


def play(start: Account, days: int, policy: LadderPolicy = POLICY) -> list[tuple[date, str]]:
    """Live through the days from the issue on; returns the letters."""
    letters = []
    for number in range(days):
        day = ISSUED + timedelta(days=number)
        decision = assess(start, policy, day)
        start = replace(start, rung=decision.rung)
        if decision.reached:
            letters.append((day, decision.reached.name))
    return letters


def test_the_chosen_dates_are_office_days() -> None:
    assert is_office_day(REMINDER_1)
    assert is_office_day(REMINDER_2)


def test_the_shipped_policy_is_the_briefs_with_two_stages_enabled() -> None:
    stages = [(one.number, one.name, one.day, one.minimum_pence) for one in POLICY.stages if one.enabled]
    assert stages == [(1, "reminder-1", 35, 2000), (2, "reminder-2", 49, 5000)]
    assert (POLICY.cycle_closes_below_pence, POLICY.letters_apart_days, POLICY.grace_days) == (2000, 7, 7)


@pytest.mark.parametrize(("days", "reached"), [(28, 0), (29, 0), (34, 0), (35, 1), (36, 1), (90, 1)])
def test_reminder_1_goes_on_day_35_after_issue(days: int, reached: int) -> None:
    assert stage(assess(account(), POLICY, ISSUED + timedelta(days=days))) == reached


@pytest.mark.parametrize(("days", "reached"), [(48, 0), (49, 2), (50, 2)])
def test_reminder_2_goes_on_day_49_after_issue(days: int, reached: int) -> None:
    assert stage(assess(account(rung=AFTER_1), POLICY, ISSUED + timedelta(days=days))) == reached


@pytest.mark.parametrize(("pence", "reached"), [(1999, 0), (2000, 1), (2001, 1)])
def test_the_minimum_of_reminder_1_is_included(pence: int, reached: int) -> None:
    assert stage(assess(account(item(pence)), POLICY, REMINDER_1)) == reached


@pytest.mark.parametrize(("pence", "reached"), [(4999, 0), (5000, 2), (5001, 2)])
def test_the_minimum_of_reminder_2_is_included(pence: int, reached: int) -> None:
    decision = assess(account(item(pence), rung=AFTER_1), POLICY, REMINDER_2)
    assert stage(decision) == reached
    assert decision.rung.cycle == 1


@pytest.mark.parametrize(("pence", "closes"), [(0, True), (1999, True), (2000, False)])
def test_the_cycle_closes_below_20_pounds(pence: int, closes: bool) -> None:
    items = (item(pence),) if pence else ()
    start = replace(account(), items=items, rung=AFTER_1, balance_pence=pence)
    decision = assess(start, POLICY, REMINDER_2)
    assert decision.closed_cycle is closes
    assert (decision.rung.cycle, decision.rung.stage) == ((2, 0) if closes else (1, 1))


def test_a_cycle_without_a_letter_has_nothing_to_close() -> None:
    assert assess(account(item(1999)), POLICY, REMINDER_1).rung == Rung()


def test_a_stage_fires_once_in_a_cycle() -> None:
    assert [name for _, name in play(account(), 400)] == ["reminder-1", "reminder-2"]


def test_a_letter_says_what_it_is_about_and_why() -> None:
    decision = assess(account(item(9550), item(4000, "C2", date(2026, 7, 1))), POLICY, REMINDER_1)
    assert (decision.chased_pence, decision.overdue_pence) == (9550, 9550)
    assert [one.charge_id for one in decision.items] == ["C1"]
    assert decision.policy_version == "ladder-2026-1"
    assert (
        decision.reason == "£95.50 overdue, reminder-1 from £20.00, day 35 after issue of the oldest item (from day 35)"
    )


def test_what_is_due_today_is_not_overdue() -> None:
    due_today = Item("C1", ISSUED, REMINDER_1, 9550)
    assert stage(assess(account(due_today), POLICY, REMINDER_1)) == 0


def test_the_statement_of_the_oldest_overdue_item_counts() -> None:
    newer = item(9000, "C2", ISSUED + timedelta(days=20))
    assert stage(assess(account(item(2000), newer), POLICY, ISSUED + timedelta(days=35))) == 1
    assert stage(assess(account(newer), POLICY, ISSUED + timedelta(days=35 + 19))) == 0
    assert stage(assess(account(newer), POLICY, ISSUED + timedelta(days=35 + 20))) == 1


def test_a_new_quarter_joins_the_cycle_and_does_not_restart_it() -> None:
    both = account(item(), item(9000, "C2", date(2026, 7, 1)))
    assert [name for _, name in play(both, 400)] == ["reminder-1", "reminder-2"]


@pytest.mark.parametrize(
    ("issued", "sent"),
    [
        (date(2026, 4, 4), date(2026, 5, 11)),  # Saturday 9 May
        (date(2026, 4, 5), date(2026, 5, 11)),  # Sunday
        (date(2026, 3, 30), date(2026, 5, 5)),  # Monday 4 May, early May bank holiday
        (date(2026, 10, 26), date(2026, 12, 1)),  # Monday 30 November, St Andrew's Day
        (date(2025, 11, 28), date(2026, 1, 5)),  # Friday 2 January, then the weekend
    ],
)
def test_a_letter_waits_for_the_next_scottish_office_day(issued: date, sent: date) -> None:
    day = issued + timedelta(days=35)
    while stage(assess(account(item(issued=issued)), POLICY, day)) == 0:
        assert assess(account(item(issued=issued)), POLICY, day).next_check_on == sent
        day += timedelta(days=1)
    assert day == sent


@pytest.mark.parametrize(("days", "reached"), [(13, 0), (14, 2)])
def test_reminder_2_never_comes_earlier_than_14_days_after_reminder_1(days: int, reached: int) -> None:
    late = date(2026, 6, 2)
    rung = Rung(stage=1, stage_on=late, letter_on=late)
    assert stage(assess(account(rung=rung), POLICY, late + timedelta(days=days))) == reached


@pytest.mark.parametrize(("days", "reached"), [(6, 0), (7, 1)])
def test_no_two_stage_letters_within_7_days_even_across_cycles(days: int, reached: int) -> None:
    before = date(2026, 6, 1)
    rung = Rung(cycle=2, letter_on=before)
    assert stage(assess(account(rung=rung), POLICY, before + timedelta(days=days))) == reached


@pytest.mark.parametrize("balance", [0, -1, -20000])
def test_an_account_in_credit_is_never_chased_case_19(balance: int) -> None:
    decision = assess(account(balance_pence=balance), POLICY, REMINDER_1)
    assert stage(decision) == 0
    assert "credit" in decision.reason


@pytest.mark.parametrize(
    ("paid", "reached"),
    [
        (date(2026, 5, 6), 0),  # the same day, a Wednesday
        (date(2026, 5, 1), 0),  # Friday: Tuesday (Monday is a holiday) and Wednesday are 2 office days later
        (date(2026, 4, 30), 0),  # Thursday: the third office day after is Wednesday
        (date(2026, 4, 29), 1),  # Wednesday: the fourth
        (date(2026, 5, 20), 0),  # its value date is still to come
        (date.max, 0),
    ],
)
def test_nobody_is_chased_whose_money_came_in_the_last_3_office_days(paid: date, reached: int) -> None:
    decision = assess(account(paid_on=paid), POLICY, REMINDER_1)
    assert stage(decision) == reached
    if not reached:
        assert "recent" in decision.reason
        assert decision.next_check_on is not None


def test_a_payment_that_lands_first_stops_the_letter_case_27() -> None:
    paid = replace(account(), items=(), balance_pence=0, paid_on=REMINDER_1)
    assert stage(assess(paid, POLICY, REMINDER_1)) == 0


def test_the_associations_own_account_is_never_chased() -> None:
    decision = assess(account(internal=True), POLICY, REMINDER_1)
    assert (stage(decision), decision.reason) == (0, "the association's own account is never chased")


def test_nobody_is_written_to_before_the_account_is_opened() -> None:
    assert stage(assess(account(account_ref=None), POLICY, REMINDER_1)) == 0


STOPS_1 = [
    HoldKind.PLAN_ACTIVE, HoldKind.MORATORIUM, HoldKind.DECEASED, HoldKind.SALE_PENDING, HoldKind.RETURNED_MAIL,
    HoldKind.FTT, HoldKind.DISPUTE,
]  # fmt: skip


@pytest.mark.parametrize("kind", HoldKind)
def test_what_each_hold_on_the_account_stops(kind: HoldKind) -> None:
    held = account(holds=(Hold(kind, ISSUED),))
    again = account(rung=AFTER_1, holds=(Hold(kind, ISSUED),))
    assert stage(assess(held, POLICY, REMINDER_1)) == (0 if kind in STOPS_1 else 1)
    assert stage(assess(again, POLICY, REMINDER_2)) == (0 if kind in {*STOPS_1, HoldKind.VULNERABLE} else 2)


def test_a_held_account_says_which_hold_and_its_cycle_stays_open() -> None:
    held = account(rung=AFTER_1, holds=(Hold(HoldKind.VULNERABLE, ISSUED), Hold(HoldKind.SALE_PENDING, ISSUED)))
    decision = assess(held, POLICY, REMINDER_2)
    assert decision.reason == "hold sale-pending: reminder-2 is stopped"
    assert decision.rung == AFTER_1


@pytest.mark.parametrize(("disputed", "reached"), [(4550, 2), (4551, 0)])
def test_a_disputed_charge_does_not_count_for_the_minimum_case_28(disputed: int, reached: int) -> None:
    dispute = Hold(HoldKind.DISPUTE, ISSUED, charge_id="C2")
    mixed = account(item(9550 - disputed), item(disputed, "C2"), rung=AFTER_1, holds=(dispute,))
    decision = assess(mixed, POLICY, REMINDER_2)
    assert (decision.overdue_pence, decision.chased_pence) == (9550, 9550 - disputed)
    assert stage(decision) == reached


def test_the_days_count_from_the_oldest_item_that_is_not_disputed() -> None:
    dispute = Hold(HoldKind.DISPUTE, ISSUED, charge_id="C1")
    newer = item(9000, "C2", ISSUED + timedelta(days=20))
    mixed = account(item(), newer, holds=(dispute,))
    assert stage(assess(mixed, POLICY, ISSUED + timedelta(days=54))) == 0
    assert stage(assess(mixed, POLICY, ISSUED + timedelta(days=55))) == 1


def test_a_disputed_debt_keeps_the_cycle_open() -> None:
    dispute = Hold(HoldKind.DISPUTE, ISSUED, charge_id="C1")
    decision = assess(account(rung=AFTER_1, holds=(dispute,)), POLICY, REMINDER_2)
    assert (decision.reason, decision.closed_cycle) == ("everything overdue is held", False)


def test_an_insolvency_freezes_what_was_due_by_its_day_case_33() -> None:
    insolvency = Hold(HoldKind.INSOLVENCY, date(2026, 5, 12))
    frozen, later = item(9550), item(3000, "C2", date(2026, 7, 1))
    decision = assess(account(frozen, later, holds=(insolvency,)), POLICY, date(2026, 8, 5))
    assert (stage(decision), decision.chased_pence) == (1, 3000)


BANKRUPT = Hold(HoldKind.INSOLVENCY, date(2026, 5, 25))
AFTER_2 = Rung(stage=2, stage_on=REMINDER_2, letter_on=REMINDER_2)
FRESH = item(30_000, "C2", date(2026, 7, 1))


@pytest.mark.parametrize("rung", [AFTER_1, AFTER_2])
def test_what_an_insolvency_froze_keeps_no_cycle_open_and_fresh_debt_begins_its_own(rung: Rung) -> None:
    start = account(item(50_000), FRESH, rung=rung, holds=(BANKRUPT,))
    learnt = assess(start, POLICY, date(2026, 5, 26))
    assert (learnt.closed_cycle, learnt.rung.cycle, learnt.rung.stage) == (True, 2, 0)
    assert learnt.reason == "everything overdue is held"
    start = replace(start, rung=learnt.rung)
    assert play(start, 400) == [(date(2026, 8, 5), "reminder-1"), (date(2026, 8, 19), "reminder-2")]


def test_an_insolvency_learnt_when_fresh_debt_is_overdue_ends_the_cycle_of_the_frozen_debt() -> None:
    start = account(item(50_000), FRESH, rung=AFTER_2, holds=(BANKRUPT,))
    day = date(2026, 8, 5)
    learnt = assess(start, POLICY, day)
    assert (learnt.closed_cycle, learnt.reached, learnt.next_check_on) == (True, None, day + timedelta(days=1))
    following = assess(replace(start, rung=learnt.rung), POLICY, day + timedelta(days=1))
    assert (stage(following), following.chased_pence, following.rung.cycle) == (1, 30_000, 2)


def test_debt_after_an_insolvency_that_was_overdue_at_the_last_letter_keeps_the_cycle_open() -> None:
    reminded = Rung(stage=1, stage_on=date(2026, 8, 5), letter_on=date(2026, 8, 5))
    start = account(item(50_000), FRESH, rung=reminded, holds=(BANKRUPT,))
    decision = assess(start, POLICY, date(2026, 8, 19))
    assert (stage(decision), decision.chased_pence, decision.closed_cycle) == (2, 30_000, False)


def test_money_taken_back_takes_no_cycle_of_frozen_debt_up_again() -> None:
    ended = Rung(cycle=2, letter_on=REMINDER_2)
    bounced = account(item(50_000), FRESH, rung=ended, before=replace(AFTER_2, letter_on=None), holds=(BANKRUPT,))
    decision = assess(bounced, POLICY, date(2026, 8, 5))
    assert (stage(decision), decision.rung.cycle) == (1, 2)


def test_an_insolvency_of_one_charge_freezes_that_charge_alone() -> None:
    start = account(item(50_000), item(9000, "C2"), rung=AFTER_1, holds=(replace(BANKRUPT, charge_id="C1"),))
    decision = assess(start, POLICY, REMINDER_2)
    assert (stage(decision), decision.chased_pence, decision.rung.cycle) == (2, 9000, 1)


@pytest.mark.parametrize(("grace_until", "reached"), [(REMINDER_2, 2), (REMINDER_2 + timedelta(days=1), 0)])
def test_after_a_hold_the_next_stage_waits_for_the_days_of_grace_case_29(grace_until: date, reached: int) -> None:
    lifted = account(rung=replace(AFTER_1, grace_until=grace_until))
    decision = assess(lifted, POLICY, REMINDER_2)
    assert stage(decision) == reached
    assert decision.next_check_on is None or decision.next_check_on > REMINDER_2


def test_after_a_long_hold_one_stage_only_case_30() -> None:
    lifted = date(2026, 9, 5)  # a Saturday, long after the days of both stages
    start = account(rung=Rung(grace_until=lifted + timedelta(days=7)))
    letters = []
    for number in range(60):
        day = lifted + timedelta(days=number)
        decision = assess(start, POLICY, day)
        start = replace(start, rung=decision.rung)
        letters += [(day, decision.reached.name)] if decision.reached else []
    assert letters == [(date(2026, 9, 14), "reminder-1"), (date(2026, 9, 28), "reminder-2")]


def test_money_taken_back_takes_the_closed_cycle_up_again() -> None:
    bounced = account(rung=Rung(cycle=2, letter_on=REMINDER_1), before=Rung(1, 1, REMINDER_1))
    decision = assess(bounced, POLICY, REMINDER_1 + timedelta(days=9))
    assert stage(decision) == 0, "no second reminder 1 in the cycle"
    assert (decision.rung.cycle, decision.rung.stage) == (1, 1)
    assert stage(assess(bounced, POLICY, REMINDER_2)) == 2


def test_at_the_top_of_the_ladder_nothing_more_goes() -> None:
    top = account(rung=Rung(stage=2, stage_on=REMINDER_2, letter_on=REMINDER_2))
    decision = assess(top, POLICY, REMINDER_2 + timedelta(days=100))
    assert (stage(decision), decision.reason) == (0, "the last stage of the ladder is reached")


def test_the_version_in_force_on_the_day_decides() -> None:
    later = replace(POLICY, version="later", effective_from=date(2026, 6, 1))
    assert in_force((later, POLICY), date(2026, 5, 31)).version == POLICY.version
    assert in_force((later, POLICY), date(2026, 6, 1)).version == "later"


@pytest.mark.parametrize("pence", [500, 1999, 2000, 4999, 5000, 100_000])
@pytest.mark.parametrize("paid", [None, date(2026, 5, 5), date(2026, 5, 19)])
def test_looking_only_on_the_days_asked_for_misses_nothing(pence: int, paid: date | None) -> None:
    start = account(item(pence), item(1500, "C2", date(2026, 7, 1)), paid_on=paid)
    daily = play(start, 200)
    letters: list[tuple[date, str]] = []
    check: date | None = ISSUED
    for number in range(200):
        day = ISSUED + timedelta(days=number)
        if check is None or day < check:
            continue
        decision = assess(start, POLICY, day)
        start, check = replace(start, rung=decision.rung), decision.next_check_on
        letters += [(day, decision.reached.name)] if decision.reached else []
        assert check is None or check > day
    assert letters == daily


def test_a_due_date_at_the_end_of_time_is_no_trouble() -> None:
    never = Item("C1", date(9999, 12, 3), date.max, 9550)
    assert assess(account(never), POLICY, REMINDER_1).next_check_on is None


def test_case_28_only_what_is_not_disputed_counts_for_the_minimum() -> None:
    disputed = replace(item(9550), disputed_pence=4000)
    decision = assess(account(disputed, rung=AFTER_1), POLICY, REMINDER_2)
    assert (stage(decision), decision.chased_pence) == (2, 5550)
    assert [one.open_pence for one in decision.items] == [5550]
    more = replace(item(9550), disputed_pence=4551)
    below = assess(account(more, rung=AFTER_1), POLICY, REMINDER_2)
    assert (stage(below), below.chased_pence) == (0, 4999)
    assert below.reason == "£49.99 is below the minimum £50.00 of reminder-2"


def test_what_is_disputed_whole_leaves_the_ladder_and_the_next_item_counts() -> None:
    old = replace(item(9550), disputed_pence=9550)
    newer = item(4000, "C2", ISSUED + timedelta(days=20))
    assert [one.charge_id for one in assess(account(old, newer), POLICY, ISSUED + timedelta(days=55)).items] == ["C2"]
    alone = assess(account(old), POLICY, REMINDER_1)
    assert (stage(alone), alone.reason) == (0, "everything overdue is disputed or held")


def test_a_cycle_does_not_end_because_its_debt_is_disputed() -> None:
    disputed = replace(item(9550), disputed_pence=9550)
    decision = assess(account(disputed, rung=AFTER_1), POLICY, REMINDER_2)
    assert (decision.closed_cycle, decision.rung) == (False, AFTER_1)


def test_case_29_a_rejected_dispute_gives_seven_days_and_the_next_stage_alone() -> None:
    rejected_on = ISSUED + timedelta(days=154)
    again = replace(item(9550), dispute_ended_on=rejected_on)
    letters = []
    rung = AFTER_1
    for number in range(40):
        day = rejected_on + timedelta(days=number)
        decision = assess(account(again, rung=rung), POLICY, day)
        rung = decision.rung
        letters += [(day, stage(decision))] if decision.reached else []
    assert letters == [(rejected_on + timedelta(days=7), 2)]
    waiting = assess(account(again, rung=AFTER_1), POLICY, rejected_on)
    assert waiting.next_check_on == rejected_on + timedelta(days=7)
