"""An instalment that value dates show as met in time is not missed, whenever that is learnt (domain.md 4.4)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arrears.domain.account import Account, Flight, Hold, Item, Receipt
from services.arrears.domain.missed import met_in_time, numbers
from services.arrears.domain.plan_days import assess
from services.arrears.domain.plans import STANDING, Debt, Missed, Plan, Trouble, last_of_grace
from shared.events.arrears import HoldKind
from tests.unit.arrears.test_plans import (
    AGREED,
    COMPLETED,
    DAY,
    DUE,
    FAILED,
    FIRST,
    POLICY,
    WARNED,
    a_plan,
    an_account,
    item,
    left,
    missed_on,
    on,
)  # fmt: skip

GRACE = date(2026, 6, 5)
"""The last day of grace of the first instalment, of £36.45."""
IN_TIME = Receipt(GRACE, 36_45)


def after(pence: int, *receipts: Receipt, **more: object) -> Account:
    """The account after so much of the plan was paid."""
    return left(437_50 - pence, receipts=receipts, **more)


def warned() -> Plan:
    return on(missed_on(1), after(0)).plan


def test_a_warning_that_rested_only_on_money_learnt_late_is_withdrawn() -> None:
    outcome = on(missed_on(1) + DAY, after(36_45, IN_TIME), warned())
    assert (outcome.plan.state, outcome.plan.catch_up_by, outcome.plan.missed) == (AGREED, None, frozenset())
    assert outcome.reason == "instalment 1 was met in time by money that was learnt late"


@pytest.mark.parametrize(("days", "missed"), [(-30, []), (0, []), (1, [1])])
def test_the_value_date_counts_up_to_the_last_day_of_grace(days: int, missed: list[int]) -> None:
    receipt = Receipt(GRACE + timedelta(days=days), 36_45)
    assert numbers(on(missed_on(1) + DAY, after(36_45, receipt), warned()).plan.missed) == missed


@pytest.mark.parametrize(("pence", "missed"), [(31_46, []), (31_45, [1])])
def test_what_is_tolerated_is_tolerated_here_too(pence: int, missed: list[int]) -> None:
    later = after(36_45, Receipt(GRACE, pence), Receipt(GRACE + DAY, 36_45 - pence))
    assert numbers(on(missed_on(1) + DAY, later, warned()).plan.missed) == missed


def test_money_that_was_known_when_it_was_missed_is_not_counted_again() -> None:
    part = on(missed_on(1), after(20_00, Receipt(FIRST, 20_00))).plan
    paid_late = after(40_00, Receipt(FIRST, 20_00), Receipt(GRACE + DAY, 20_00))
    assert numbers(on(missed_on(1) + DAY, paid_late, part).plan.missed) == [1]
    learnt_late = after(40_00, Receipt(FIRST, 20_00), Receipt(GRACE, 20_00))
    assert numbers(on(missed_on(1) + DAY, learnt_late, part).plan.missed) == []


def test_a_credit_or_a_write_off_later_shows_nothing_as_met_in_time() -> None:
    outcome = on(missed_on(1) + DAY, after(36_45), warned())
    assert (outcome.plan.state, outcome.reason, numbers(outcome.plan.missed)) == (AGREED, "caught up", [1])


def test_money_that_an_older_debt_beside_the_plan_took_does_not_count() -> None:
    older = item(50_00, "C0", DUE - DAY)
    blamed = on(missed_on(1), left(437_50, older)).plan
    in_time = after(36_45, Receipt(FIRST, 50_00), Receipt(GRACE + DAY, 36_45))
    assert numbers(on(missed_on(1) + DAY, in_time, blamed).plan.missed) == [1]
    both = after(36_45, Receipt(FIRST, 86_45))
    assert numbers(on(missed_on(1) + DAY, both, blamed).plan.missed) == []


def test_money_in_time_that_did_not_reach_the_plan_meets_nothing() -> None:
    elsewhere = after(0, IN_TIME)
    assert met_in_time(warned(), elsewhere.items, elsewhere.receipts, POLICY) == frozenset()
    assert on(missed_on(1) + DAY, elsewhere, warned()).plan == warned()


def test_what_is_on_its_way_by_direct_debit_is_no_money_in_time() -> None:
    flying = after(0, flights=(Flight(36_45, missed_on(1) + 5 * DAY),))
    assert numbers(on(missed_on(1) + DAY, flying, warned()).plan.missed) == [1]


def test_a_plan_does_not_fail_for_two_of_which_one_is_shown_as_met_in_time_on_that_day() -> None:
    caught_up = on(missed_on(1) + DAY, after(36_45, Receipt(GRACE + DAY, 36_45)), warned()).plan
    assert on(missed_on(2), after(36_45, Receipt(GRACE + DAY, 36_45)), caught_up).plan.state is FAILED
    swapped = on(missed_on(2), after(36_45, IN_TIME), caught_up).plan
    assert (swapped.state, numbers(swapped.missed)) == (WARNED, [2])


def test_an_instalment_that_was_caught_up_is_missed_no_more_and_that_is_a_change_with_its_reason() -> None:
    caught_up = on(missed_on(1) + DAY, after(36_45, Receipt(GRACE + DAY, 36_45)), warned()).plan
    account = after(72_90, Receipt(GRACE + DAY, 36_45), IN_TIME)
    outcome = on(missed_on(1) + 2 * DAY, account, caught_up)
    assert (outcome.plan.state, outcome.plan.change) == (AGREED, caught_up.change + 1)
    assert outcome.reason == "instalment 1 was met in time by money that was learnt late"
    assert on(missed_on(1) + 3 * DAY, account, outcome.plan).reason == ""


def test_a_warning_that_rested_on_more_stays_until_all_of_it_is_caught_up() -> None:
    quarter = item(120_00, "Q2", FIRST)
    both = on(missed_on(1), left(437_50, quarter)).plan
    assert both.warned_of == {Trouble.INSTALMENT, Trouble.CURRENT}
    waiting = on(missed_on(1) + DAY, left(401_05, quarter, receipts=(IN_TIME,)), both).plan
    assert (waiting.state, waiting.catch_up_by, waiting.missed) == (WARNED, both.catch_up_by, frozenset())
    outcome = on(missed_on(1) + DAY, after(36_45, IN_TIME), both)
    assert outcome.reason == "caught up, and instalment 1 was met in time by money that was learnt late"


def test_several_are_named_together() -> None:
    blamed = a_plan(missed=frozenset({Missed(1, 36_45), Missed(4, 36_45)}))
    outcome = on(missed_on(4), after(4 * 36_45, Receipt(FIRST, 4 * 36_45)), blamed)
    assert outcome.reason == "instalments 1, 4 were met in time by money that was learnt late"


def test_money_in_time_that_completes_a_plan_is_judged_before_it_is_over() -> None:
    done = on(missed_on(1) + DAY, after(437_50, Receipt(FIRST, 437_50)), warned()).plan
    assert (done.state, done.missed) == (COMPLETED, frozenset())
    back = on(missed_on(3), after(0), done).plan
    assert (back.state, numbers(back.missed)) == (WARNED, [3]), "one cheque taken back is one of them missed"


def test_a_hold_lets_all_that_was_missed_go_and_says_nothing_of_it() -> None:
    caught_up = replace(warned(), state=AGREED, catch_up_by=None, warned_of=frozenset())
    held = after(36_45, IN_TIME, holds=(Hold(HoldKind.MORATORIUM, FIRST),))
    outcome = on(missed_on(1) + DAY, held, caught_up)
    assert (outcome.plan.missed, outcome.reason) == (frozenset(), "")


def test_what_was_found_before_value_dates_were_looked_at_stays() -> None:
    assert numbers(
        on(missed_on(1) + DAY, after(36_45, IN_TIME), a_plan(missed=frozenset({Missed(1)}))).plan.missed
    ) == [1]


@dataclass(frozen=True)
class Paid:
    """Money of a value date, learnt so many days later."""

    on: date
    late: int
    pence: int

    @property
    def learnt(self) -> date:
        return self.on + self.late * DAY


PATIENT = replace(POLICY, catch_up_days=999, fails_at_missed=4, in_a_row=4)
"""Terms under which a plan hardly ever fails, so that what counts as missed can be looked at for long."""
SMALL = replace(a_plan(200_00, 4), agreed_on=DUE + DAY)
LAST = missed_on(4, SMALL) + 40 * DAY
PAID = st.builds(
    lambda one, days, late, pence: Paid(one.due_on + days * DAY, late, pence),
    st.sampled_from(SMALL.instalments), st.integers(-3, 12), st.integers(0, 40),
    st.sampled_from([50_00, 45_01, 45_00, 20_00, 5_00]),
)  # fmt: skip
"""Money about an instalment's day, in time or not, learnt then or later."""


def known(payments: list[Paid], day: date) -> Account:
    """The account by the book of a day: one debt, paid by all that is known."""
    receipts = tuple(Receipt(one.on, one.pence) for one in payments if one.learnt <= day)
    still = max(0, 200_00 - sum(one.pence for one in receipts))
    return an_account(*([item(still)] if still else []), receipts=receipts)


def lived(payments: list[Paid]) -> Plan:
    """Live a plan through its days, until it is over."""
    plan, day = SMALL, SMALL.agreed_on
    while day <= LAST and plan.state in STANDING:
        plan = assess(plan, known(payments, day), PATIENT, day).plan
        day += DAY
    return plan


def money(payments: list[Paid], until: date, learnt: date = date.max) -> int:
    return sum(one.pence for one in payments if one.on <= until and one.learnt <= learnt)


def blamed(payments: list[Paid]) -> list[int]:
    """Which instalments may count as missed: short when their grace was over, and by value dates too."""
    ends = accumulate(one.amount_pence for one in SMALL.instalments)
    due = [
        (one.number, last_of_grace(one.due_on, PATIENT), end) for one, end in zip(SMALL.instalments, ends, strict=True)
    ]
    return [
        number
        for number, grace, end in due
        if end - money(payments, date.max, grace + DAY) > PATIENT.tolerance_pence
        and end - money(payments, grace) > PATIENT.tolerance_pence
    ]


@given(st.lists(PAID, max_size=9))
def test_what_counts_as_missed_is_what_value_dates_and_the_day_it_was_judged_both_show_as_short(
    payments: list[Paid],
) -> None:
    plan = lived(payments)
    if plan.state in STANDING:
        assert numbers(plan.missed) == blamed(payments)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 40)), min_size=4, max_size=4))
def test_who_paid_every_instalment_in_time_is_blamed_for_none_whenever_it_is_learnt(
    when: list[tuple[int, int]],
) -> None:
    paid = [
        Paid(min(one.due_on + days * DAY, last_of_grace(one.due_on, PATIENT)), late, one.amount_pence)
        for one, (days, late) in zip(SMALL.instalments, when, strict=True)
    ]
    plan = lived(paid)
    assert (plan.state, plan.missed) == (COMPLETED, frozenset())


@given(st.lists(PAID, max_size=9), st.lists(PAID, max_size=3), st.randoms(use_true_random=False), st.integers(0, 200))
def test_the_order_of_money_changes_nothing_nor_does_a_day_worked_again(
    payments: list[Paid], more: list[Paid], chance: Random, days: int
) -> None:
    shuffled = list(payments)
    chance.shuffle(shuffled)
    plan = lived(payments)
    assert lived(shuffled) == plan
    if plan.state in STANDING:
        day = LAST + days * DAY
        account = known([*payments, *more], day)
        once = assess(plan, account, PATIENT, day)
        again = assess(once.plan, account, PATIENT, day)
        assert once.plan.state is FAILED or (again.plan, again.reason) == (once.plan, "")


@given(st.lists(PAID, max_size=6), PAID)
def test_more_money_in_time_never_blames_for_more(payments: list[Paid], more: Paid) -> None:
    plan = lived(payments)
    if plan.state not in STANDING:
        return
    before = set(numbers(assess(plan, known(payments, LAST + DAY), PATIENT, LAST + DAY).plan.missed))
    account = known([*payments, Paid(more.on, 0, more.pence)], LAST + DAY)
    assert set(numbers(assess(plan, account, PATIENT, LAST + DAY).plan.missed)) <= before


ITEMS = st.lists(
    st.builds(item, st.integers(1, 90_00), st.sampled_from(["C0", "C1", "Q2"]),
              st.sampled_from([DUE - DAY, DUE, DUE + 20 * DAY])), max_size=5,
)  # fmt: skip


@given(ITEMS, st.integers(1, 600_00))
def test_as_much_more_money_as_was_wanted_would_have_met_it_and_a_penny_less_would_not(
    beside: list[Item], total: int
) -> None:
    """Whatever else is open: money pays what is due longest first, as if it were on its way."""
    plan = replace(SMALL, debts=(Debt("C1", DUE, total + 4_00),))
    account = an_account(item(total + 4_00), *beside)
    day = missed_on(1, plan)
    found = assess(plan, account, PATIENT, day).plan
    if not found.missed:
        return
    [mark] = found.missed
    assert mark.met_from_pence is not None
    for pence, missed in ((mark.met_from_pence, []), (mark.met_from_pence - 1, [1])):
        flying = replace(account, flights=(Flight(pence, day),))
        assert numbers(assess(plan, flying, PATIENT, day).plan.missed) == missed
