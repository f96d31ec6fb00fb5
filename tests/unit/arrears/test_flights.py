"""What is on its way by direct debit is chased by no letter until it should have come (domain.md 4.3, DD_IN_FLIGHT)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arrears.domain.account import Flight, Hold, Item, total
from services.arrears.domain.flights import not_flying
from services.arrears.domain.ladder import assess
from shared.events.arrears import HoldKind
from tests.unit.arrears.test_ladder import ISSUED, POLICY, REMINDER_1, account, item, play, stage

SETTLED_BY = date(2026, 5, 18)
AFTER = SETTLED_BY + timedelta(days=1)


def flight(pence: int = 95_50, settled_by: date = SETTLED_BY) -> Flight:
    return Flight(pence, settled_by)


def test_no_reminder_goes_while_the_money_is_on_its_way_and_the_day_it_failed_to_come_is_looked_at() -> None:
    decision = assess(account(flights=(flight(),)), POLICY, REMINDER_1)
    assert (stage(decision), decision.chased_pence, decision.overdue_pence) == (0, 0, 95_50)
    assert decision.reason == "everything overdue is on its way by direct debit"
    assert decision.next_check_on == AFTER


def test_money_that_did_not_come_is_chased_from_the_next_day_on() -> None:
    letters = play(account(flights=(flight(),)), 60)
    assert letters == [(AFTER, "reminder-1")]


@pytest.mark.parametrize(("announced", "reached"), [(75_50, 1), (75_51, 0), (95_50, 0), (200_00, 0)])
def test_only_what_is_not_on_its_way_counts_for_the_minimum(announced: int, reached: int) -> None:
    decision = assess(account(flights=(flight(announced),)), POLICY, REMINDER_1)
    assert (stage(decision), decision.chased_pence) == (reached, max(95_50 - announced, 0))


def test_the_money_pays_what_is_due_longest_and_the_rest_counts_from_its_own_issue() -> None:
    newer = item(50_00, "C2", ISSUED + timedelta(days=12))
    day = ISSUED + timedelta(days=47)
    decision = assess(account(item(), newer, flights=(flight(),)), POLICY, day)
    assert [(one.charge_id, one.open_pence) for one in decision.items] == [("C2", 50_00)]
    assert "day 35 after issue" in decision.reason


def test_it_never_pays_what_is_disputed_and_the_reason_names_all_that_keeps_a_letter_back() -> None:
    disputed = replace(item(), disputed_pence=40_00)
    decision = assess(account(disputed, flights=(flight(55_50),)), POLICY, REMINDER_1)
    assert decision.reason == "everything overdue is disputed or held, or on its way by direct debit"
    held = account(item(), item(50_00, "C2"), holds=(Hold(HoldKind.FTT, ISSUED, "C2"),), flights=(flight(),))
    assert assess(held, POLICY, REMINDER_1).reason == "everything overdue is held, or on its way by direct debit"


def test_a_collection_without_end_is_waited_for_without_a_next_day() -> None:
    assert assess(account(flights=(flight(settled_by=date.max),)), POLICY, REMINDER_1).next_check_on is None


ITEMS = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 200)).map(
        lambda pence: Item("C", ISSUED, ISSUED, pence[0], min(pence))
    ),
    max_size=4,
)
FLIGHTS = st.lists(st.builds(Flight, st.integers(1, 300), st.sampled_from([SETTLED_BY, AFTER])), max_size=3)


@given(ITEMS, FLIGHTS)
def test_what_is_left_is_what_is_owed_less_what_flies_and_all_that_is_disputed(
    items: list[Item], flights: list[Flight]
) -> None:
    left = not_flying(items, flights, AFTER)
    flying = sum(one.pence for one in flights if one.settled_by == AFTER)
    disputed = sum(one.disputed_pence for one in items)
    assert total(left) == disputed + max(total(tuple(items)) - disputed - flying, 0)
    assert sum(one.disputed_pence for one in left) == disputed
