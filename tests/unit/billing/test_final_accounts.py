"""When the closing document of an owner who has left is issued."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.attribution import Account
from services.billing.domain.final_accounts import exits_due_on, is_issued_on, timetable
from services.billing.settings import read_statement_policies
from tests.unit.billing.builders import day

POLICIES = read_statement_policies()
exits = st.dates(date(2026, 1, 1), date(2032, 12, 31))


def seller(to_on: date | None, *, internal: bool = False, void: bool = False) -> Account:
    return Account("A", "REF", "U1", None if internal else "O1", internal, day("2025-01-01"), to_on, void)


@pytest.mark.parametrize(
    ("exit_on", "due_on", "hard_stop_on"),
    [
        ("2026-02-17", "2026-04-28", "2026-05-17"),
        ("2026-03-31", "2026-04-28", "2026-06-30"),
        ("2026-04-01", "2026-04-28", "2026-07-01"),
        ("2026-04-02", "2026-07-02", "2026-07-02"),
        ("2026-01-01", "2026-01-28", "2026-04-01"),
        ("2026-11-30", "2027-01-28", "2027-02-28"),
        ("2027-11-30", "2028-01-28", "2028-02-29"),
    ],
)
def test_due_28_days_after_the_quarter_of_the_last_day_and_within_three_months(
    exit_on: str, due_on: str, hard_stop_on: str
) -> None:
    """The seller of an entry on a quarter's first day has no day of that quarter (case 49 of domain.md 9)."""
    days = timetable(day(exit_on), POLICIES)
    assert (days.due_on, days.hard_stop_on) == (day(due_on), day(hard_stop_on))


@given(exits)
def test_never_after_the_hard_stop_and_found_on_its_day(exit_on: date) -> None:
    days = timetable(exit_on, POLICIES)
    assert exit_on < days.due_on <= days.hard_stop_on
    assert exit_on in exits_due_on(days.due_on, POLICIES)


@given(exits, st.integers(-100, 300))
def test_each_exit_is_issued_on_exactly_one_day(exit_on: date, learnt_after: int) -> None:
    learnt_on = exit_on + timedelta(days=learnt_after)
    now, open_still = seller(exit_on), seller(None)
    days = (exit_on + timedelta(days=count) for count in range(-100, 400))
    issued = [
        each
        for each in days
        if each >= learnt_on and is_issued_on(each, now, open_still if each == learnt_on else now, POLICIES)
    ]
    assert issued == [max(timetable(exit_on, POLICIES).due_on, learnt_on)]


def test_nobody_who_stays_and_nothing_of_the_association_or_of_a_void_sale_is_closed() -> None:
    exit_on = day("2026-02-17")
    others = (seller(None), seller(exit_on, internal=True), seller(exit_on, void=True))
    assert not any(is_issued_on(day("2026-04-28"), one, one, POLICIES) for one in others)
