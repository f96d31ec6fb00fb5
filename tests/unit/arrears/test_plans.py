"""What a day makes of a plan: domain.md 4.3, 4.4 and cases 26, 38, 39 of section 9."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arrears.domain.account import Account, Flight, Hold, Item, Rung
from services.arrears.domain.missed import numbers
from services.arrears.domain.plan_days import Outcome, assess
from services.arrears.domain.plans import Debt, Missed, Plan, Terms, Trouble, owed, progress, split
from services.arrears.settings import read_plan_policies
from shared.calendar import office_days_later
from shared.events.arrears import Frequency, HoldKind, PlanState

[POLICY] = read_plan_policies()
DUE = date(2026, 4, 29)
FIRST = date(2026, 5, 29)
DAY = timedelta(days=1)
AGREED, WARNED, FAILED, COMPLETED = PlanState.AGREED, PlanState.WARNED, PlanState.FAILED, PlanState.COMPLETED
ENDED = PlanState.ENDED


def a_plan(total: int = 437_50, count: int = 12, **more: object) -> Plan:
    terms = Terms(Frequency.MONTHLY, count, FIRST, "standing-order", "file 12/3", current_charges=True)
    made = Plan("PL-1", "A1", date(2026, 5, 6), terms, (Debt("C1", DUE, total),))
    return replace(made, **more)  # type: ignore[arg-type]


def item(pence: int, charge: str = "C1", due_on: date = DUE, disputed: int = 0, ended: date | None = None) -> Item:
    return Item(charge, due_on - timedelta(days=28), due_on, pence, disputed, ended)


def an_account(*items: Item, **more: object) -> Account:
    made = Account("A1", "F000000000A1", False, sum(one.open_pence for one in items), items)
    return replace(made, **more)  # type: ignore[arg-type]


def left(pence: int, *others: Item, **more: object) -> Account:
    """The account on which so much of the plan's debt is open."""
    return an_account(*([item(pence)] if pence else []), *others, **more)


def missed_on(number: int, plan: Plan | None = None) -> date:
    """The first day on which an instalment that was not paid is missed."""
    due_on = (plan or a_plan()).instalments[number - 1].due_on
    return office_days_later(due_on, POLICY.grace_office_days) + DAY


def on(day: date, account: Account, plan: Plan | None = None) -> Outcome:
    return assess(plan or a_plan(), account, POLICY, day)


def live(plan: Plan, days: Sequence[tuple[date, Account]]) -> list[tuple[date, PlanState]]:
    """Live through days; returns each change with its day."""
    changes = []
    for day, account in days:
        outcome = assess(plan, account, POLICY, day)
        if outcome.plan.change > plan.change:
            changes.append((day, outcome.plan.state))
        plan = outcome.plan
        if plan.state is FAILED:
            break
    return changes


def days_of(account: Account, first: date, last: date) -> list[tuple[date, Account]]:
    return [(first + timedelta(days=number), account) for number in range((last - first).days + 1)]


def test_what_is_paid_is_what_is_open_no_more() -> None:
    now = progress(a_plan(), [item(401_05)], POLICY, FIRST)
    assert (now.paid_pence, now.left_pence, now.due_pence, now.short_pence) == (36_45, 401_05, 0, 0)
    assert now.next is not None
    assert (now.next.number, now.next.amount_pence) == (2, 36_45)


def test_case_38_two_instalments_paid_at_once_meet_the_next_one() -> None:
    plan = a_plan()
    day = missed_on(2)
    outcome = on(day, left(437_50 - 72_90), plan)
    assert (outcome.plan.state, outcome.progress.due_pence, outcome.progress.short_pence) == (AGREED, 72_90, 0)
    assert outcome.progress.next is not None
    assert outcome.progress.next.number == 3
    assert on(missed_on(3), left(437_50 - 72_90), plan).plan.state is WARNED, "the one after is due like any other"


@pytest.mark.parametrize(("days", "state"), [(-1, AGREED), (0, WARNED), (1, WARNED)])
def test_an_instalment_is_missed_when_five_working_days_after_its_day_have_passed(days: int, state: PlanState) -> None:
    assert missed_on(1) == date(2026, 6, 6), "29 May is a Friday: its grace is over with Friday 5 June"
    assert on(missed_on(1) + timedelta(days=days), left(437_50)).plan.state is state


@pytest.mark.parametrize(("short", "state"), [(4_99, AGREED), (5_00, WARNED)])
def test_less_than_five_pounds_short_is_tolerated(short: int, state: PlanState) -> None:
    assert on(missed_on(1), left(437_50 - 36_45 + short)).plan.state is state


def test_small_shortfalls_add_up() -> None:
    paid = 2 * 36_45 - 2 * 3_00
    assert numbers(on(missed_on(2), left(437_50 - paid)).plan.missed) == [2]


def test_one_missed_leads_to_a_warning_with_ten_days_to_catch_up() -> None:
    day = missed_on(1)
    outcome = on(day, left(437_50))
    assert (outcome.plan.state, outcome.plan.catch_up_by) == (WARNED, day + timedelta(days=10))
    assert (numbers(outcome.plan.missed), set(outcome.plan.warned_of)) == ([1], {Trouble.INSTALMENT})
    assert outcome.reason == "£36.45 of instalments is missing"
    assert outcome.next_check_on == day + timedelta(days=11)


def test_a_plan_is_looked_at_again_when_the_days_of_grace_are_over() -> None:
    assert on(FIRST - DAY, left(437_50)).next_check_on == FIRST + DAY
    assert on(FIRST + DAY, left(437_50)).next_check_on == missed_on(1)


def test_a_plan_that_is_caught_up_stands_again() -> None:
    warned = on(missed_on(1), left(437_50)).plan
    outcome = on(missed_on(1) + DAY, left(401_05), warned)
    assert (outcome.plan.state, outcome.plan.catch_up_by, outcome.reason) == (AGREED, None, "caught up")
    assert numbers(outcome.plan.missed) == [1]


def test_a_plan_that_is_paid_whole_while_it_is_warned_of_is_completed_and_the_warning_is_over() -> None:
    warned = on(missed_on(1), left(437_50)).plan
    done = on(missed_on(1) + DAY, left(0), warned).plan
    assert (done.state, done.catch_up_by, done.warned_of) == (COMPLETED, None, frozenset())


@pytest.mark.parametrize(("days", "state"), [(10, WARNED), (11, FAILED)])
def test_a_warning_lapses_after_its_last_day(days: int, state: PlanState) -> None:
    warned = on(missed_on(1), left(437_50)).plan
    outcome = on(missed_on(1) + timedelta(days=days), left(437_50), warned)
    assert outcome.plan.state is state
    assert outcome.next_check_on is (None if state is FAILED else outcome.next_check_on)


@pytest.mark.parametrize(("second", "state"), [(2, FAILED), (3, FAILED), (4, WARNED)])
def test_two_missed_in_any_three_end_the_plan_also_when_the_first_was_caught_up(second: int, state: PlanState) -> None:
    plan = a_plan(missed=frozenset({Missed(1)}))
    paid = sum(one.amount_pence for one in plan.instalments[: second - 1])
    outcome = on(missed_on(second), left(437_50 - paid), plan)
    assert outcome.plan.state is state
    if state is FAILED:
        assert outcome.reason == "2 of 3 instalments in a row were missed"


def test_case_26_a_bounced_cheque_makes_a_completed_plan_stand_again_with_days_to_catch_up() -> None:
    plan = a_plan(count=3)
    done = on(date(2026, 7, 31), left(0), plan).plan
    assert done.state is COMPLETED
    early = on(missed_on(1, plan) - DAY, left(437_50), replace(done))
    assert (early.plan.state, early.reason) == (AGREED, "£437.50 is open again")
    late = on(missed_on(3, plan), left(437_50), done)
    assert (late.plan.state, late.plan.catch_up_by) == (WARNED, missed_on(3, plan) + timedelta(days=10))
    assert numbers(late.plan.missed) == [3], "one cheque for three instalments is one of them missed"
    assert on(missed_on(3, plan) + timedelta(days=11), left(437_50), late.plan).plan.state is FAILED


def test_case_26_an_instalment_that_bounces_is_missed_and_the_rule_of_two_in_three_is_tested_again() -> None:
    plan = a_plan(missed=frozenset({Missed(2)}))
    met = on(missed_on(4) - DAY, left(437_50 - 3 * 36_45), plan)
    assert met.plan.state is AGREED
    assert on(missed_on(4) - DAY, left(437_50 - 2 * 36_45), met.plan).plan.state is FAILED


def test_case_39_a_new_quarter_unpaid_beside_a_kept_plan_is_warned_of_and_the_warning_lapses() -> None:
    quarter = item(120_00, "Q2", FIRST)
    kept = left(437_50 - 36_45, quarter)
    assert on(missed_on(1) - DAY, kept).plan.state is AGREED
    outcome = on(missed_on(1), kept)
    assert (outcome.plan.state, set(outcome.plan.warned_of)) == (WARNED, {Trouble.CURRENT})
    assert outcome.plan.missed == frozenset()
    assert outcome.reason == "£120.00 beside the plan is overdue"
    assert on(missed_on(1) + timedelta(days=11), kept, outcome.plan).plan.state is FAILED
    assert on(missed_on(1) + DAY, left(437_50 - 36_45), outcome.plan).plan.state is AGREED


def test_a_plan_without_the_clause_is_not_broken_by_current_charges() -> None:
    terms = replace(a_plan().terms, current_charges=False)
    outcome = on(missed_on(1), left(401_05, item(120_00, "Q2", FIRST)), a_plan(terms=terms))
    assert (outcome.plan.state, outcome.progress.current_pence) == (AGREED, 120_00)


def test_what_comes_up_while_a_warning_stands_has_days_of_its_own() -> None:
    warned = on(missed_on(1), left(437_50)).plan
    quarter = item(120_00, "Q2", FIRST + timedelta(days=3))
    lapses = missed_on(1) + timedelta(days=11)
    assert on(lapses - DAY, left(401_05, quarter), warned).plan.warned_of == {Trouble.CURRENT}
    outcome = on(lapses, left(401_05, quarter), warned)
    assert (outcome.plan.state, outcome.plan.catch_up_by) == (WARNED, lapses + timedelta(days=10))


def test_who_paid_all_that_a_warning_asked_for_is_warned_anew_of_what_became_late_since() -> None:
    warned = on(missed_on(1), left(401_05, item(120_00, "Q2", FIRST))).plan
    lapses = missed_on(1) + timedelta(days=11)
    later = item(50_00, "Q3", lapses - timedelta(days=12))
    assert on(lapses, left(401_05, item(120_00, "Q2", FIRST), later), warned).plan.state is FAILED
    outcome = on(lapses, left(401_05, later), warned)
    assert (outcome.plan.state, outcome.plan.catch_up_by) == (WARNED, lapses + timedelta(days=10))
    assert outcome.reason == "£50.00 beside the plan is overdue"


@pytest.mark.parametrize(
    "kind",
    [HoldKind.MORATORIUM, HoldKind.DECEASED, HoldKind.VULNERABLE, HoldKind.INSOLVENCY, HoldKind.RETURNED_MAIL],
)
def test_nobody_is_warned_while_another_hold_stops_the_letter(kind: HoldKind) -> None:
    held = left(437_50, holds=(Hold(kind, FIRST),))
    assert on(missed_on(1), held).plan == a_plan()
    on_the_charge = left(437_50, holds=(Hold(kind, FIRST, "C1"),))
    assert on(missed_on(1), on_the_charge).plan == a_plan()
    warned = on(missed_on(1), left(437_50)).plan
    paused = on(missed_on(1) + timedelta(days=20), held, warned).plan
    assert (paused.state, paused.catch_up_by, paused.missed) == (AGREED, None, frozenset()), (
        "nor does the warning lapse"
    )
    assert on(missed_on(2), left(437_50), paused).plan.catch_up_by == missed_on(2) + timedelta(days=10), "warned anew"
    reopened = on(missed_on(1), held, a_plan(state=COMPLETED)).plan
    assert (reopened.state, reopened.catch_up_by) == (AGREED, None)
    elsewhere = left(437_50, holds=(Hold(kind, FIRST, "C9"), Hold(HoldKind.PLAN_ACTIVE, FIRST, "C1")))
    assert on(missed_on(1), elsewhere).plan.state is WARNED


def test_nobody_is_warned_in_the_days_of_grace_after_a_hold_or_a_dispute() -> None:
    day = missed_on(1)
    after = left(437_50, rung=Rung(grace_until=day + DAY))
    assert on(day, after).plan.state is AGREED
    assert on(day, after).next_check_on == day + DAY
    assert on(day + DAY, after).plan.state is WARNED
    assert on(day, an_account(item(437_50, ended=day - DAY))).plan.state is AGREED
    assert on(office_days_later(day - DAY, 5) + DAY, an_account(item(437_50, ended=day - DAY))).plan.state is WARNED


def test_what_is_on_its_way_by_direct_debit_is_not_missing_until_its_last_day_has_passed() -> None:
    day = missed_on(1)
    flying = left(437_50, flights=(Flight(36_45, day),))
    assert on(day, flying).plan.state is AGREED
    assert on(day, flying).progress.paid_pence == 36_45
    assert on(day, flying).next_check_on == day + DAY
    assert on(day + DAY, flying).plan.state is WARNED


def test_a_disputed_part_is_neither_in_the_plan_nor_beside_it() -> None:
    plan = a_plan(55_50, 3)
    assert split(plan.debts, [item(95_50, disputed=40_00)]) == (55_50, ())
    assert split(plan.debts, [item(40_00, disputed=40_00)]) == (0, ())
    assert split(plan.debts, [item(95_50)]) == (55_50, (item(40_00),))


def test_a_plan_is_not_completed_while_what_is_left_of_it_is_disputed() -> None:
    disputed = an_account(item(437_50, disputed=437_50))
    assert on(FIRST, disputed).plan == a_plan()
    assert on(missed_on(12), disputed).plan == a_plan(), "nor is it broken"
    assert on(FIRST, left(0)).plan.state is COMPLETED, "the dispute was upheld"
    told = a_plan(state=COMPLETED)
    assert on(FIRST, disputed, told).plan == told, "who was told so is told nothing else"


def test_a_plan_of_which_nothing_is_left_because_it_was_given_up_is_ended_and_nobody_is_thanked() -> None:
    outcome = on(FIRST, left(0, written_off_pence=437_50))
    assert (outcome.plan.state, outcome.reason) == (
        ENDED, "nothing of £437.50 is left, and £437.50 of the account is written off",
    )  # fmt: skip
    told = a_plan(state=COMPLETED)
    assert on(FIRST, left(0, written_off_pence=437_50), told).plan == told


def test_a_charge_of_which_something_is_disputed_is_in_no_plan() -> None:
    """A part of it would be: when the dispute ends, nobody could say which part a payment had paid."""
    account = an_account(item(95_50, "C1", disputed=40_00), item(20_00, "C1", DUE + DAY), item(204_50, "C2"))
    assert owed(account, DUE + 2 * DAY) == (Debt("C2", DUE, 204_50),)


def test_after_the_last_instalment_what_is_tolerated_ends_the_plan() -> None:
    plan = a_plan(count=3)
    assert on(missed_on(3, plan) - DAY, left(4_99), plan).plan.state is AGREED
    outcome = on(missed_on(3, plan), left(4_99), plan)
    assert (outcome.plan.state, outcome.reason) == (COMPLETED, "£4.99, which is tolerated, of £437.50 is left")
    assert on(missed_on(3, plan) + DAY, left(4_99), outcome.plan).plan.state is COMPLETED


def test_a_plan_never_paid_is_warned_and_fails_and_nothing_more() -> None:
    assert live(a_plan(), days_of(left(437_50), date(2026, 5, 6), date(2026, 8, 1))) == [
        (date(2026, 6, 6), WARNED), (date(2026, 6, 17), FAILED),
    ]  # fmt: skip


def test_a_plan_paid_on_time_is_completed_with_the_last_instalment() -> None:
    plan = a_plan(count=3)
    paid, days = 0, []
    for one in plan.instalments:
        days += [(one.due_on - DAY, left(437_50 - paid))]
        paid += one.amount_pence
        days += [(one.due_on, left(437_50 - paid))]
    assert live(plan, days) == [(plan.instalments[-1].due_on, COMPLETED)]


ITEMS = st.lists(
    st.builds(
        item, st.integers(1, 500_00), st.sampled_from(["C1", "C2", "Q2"]),
        st.sampled_from([DUE, FIRST, FIRST + timedelta(days=60)]),
    ),
    max_size=6,
)  # fmt: skip
DAYS = st.integers(0, 500).map(lambda days: FIRST + timedelta(days=days))
PLANS = st.builds(
    lambda first, second, count: a_plan(count=count, debts=(Debt("C1", DUE, first), Debt("C2", DUE, second))),
    st.integers(100, 300_00), st.integers(100, 300_00), st.integers(1, 24),
)  # fmt: skip


@given(PLANS, ITEMS, DAYS, st.randoms())
def test_progress_depends_on_the_items_alone_and_not_on_their_order(
    plan: Plan, items: list[Item], day: date, chance: Random
) -> None:
    now = progress(plan, items, POLICY, day)
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert progress(plan, shuffled, POLICY, day) == now
    stepped = replace(plan, state=WARNED, change=7, missed=frozenset({Missed(1)}), catch_up_by=day)
    assert progress(stepped, items, POLICY, day) == now, "what was decided before plays no part"
    assert now.paid_pence + now.left_pence == plan.total_pence
    assert 0 <= now.paid_pence <= plan.total_pence
    assert sum(one.open_pence for one in split(plan.debts, items)[1]) + now.left_pence == sum(
        one.open_pence for one in items
    )


@given(PLANS, st.lists(ITEMS, min_size=1, max_size=8), DAYS)
def test_a_day_worked_again_changes_nothing(plan: Plan, news: list[list[Item]], day: date) -> None:
    for number, items in enumerate(news):
        today = day + timedelta(days=9 * number)
        account = an_account(*items)
        outcome = assess(plan, account, POLICY, today)
        again = assess(outcome.plan, account, POLICY, today)
        if outcome.plan.state is FAILED:
            return
        assert (again.plan, again.reason) == (outcome.plan, "")
        assert again.next_check_on == outcome.next_check_on
        plan = outcome.plan


@given(PLANS, ITEMS, DAYS)
def test_nothing_changes_before_the_next_check(plan: Plan, items: list[Item], day: date) -> None:
    """Looking every day finds what looking on ``next_check_on`` finds."""
    account = an_account(*items)
    outcome = assess(plan, account, POLICY, day)
    if outcome.plan.state is FAILED:
        return
    until = outcome.next_check_on or day + timedelta(days=200)
    for number in range(1, min((until - day).days, 60)):
        assert assess(outcome.plan, account, POLICY, day + timedelta(days=number)).plan == outcome.plan
