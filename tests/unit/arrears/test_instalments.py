"""The schedule of a plan: domain.md 3.10 and case 37 of section 9."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arrears.domain.instalments import Instalment, due_day, months_of, schedule
from services.arrears.settings import SHIPPED_PLANS, read_plan_policies
from shared.events.arrears import Frequency

_ANY_DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
FIRST_DAYS = _ANY_DAYS | _ANY_DAYS.map(lambda day: day.replace(month=1, day=31))
COUNTS = st.integers(1, 120)


def test_example_3_10_twelve_instalments_of_437_50_are_eleven_of_36_45_and_one_of_36_55() -> None:
    made = schedule(437_50, 12, date(2026, 1, 31), Frequency.MONTHLY)
    assert [one.amount_pence for one in made] == [36_45] * 11 + [36_55]
    assert [one.number for one in made] == list(range(1, 13))


def test_case_37_twelve_from_31_january_fall_on_28_february_then_31_march_and_the_last_takes_the_remainder() -> None:
    made = schedule(437_50, 12, date(2026, 1, 31), Frequency.MONTHLY)
    assert [one.due_on for one in made[:4]] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30),
    ]  # fmt: skip
    assert made[-1] == Instalment(12, date(2026, 12, 31), 36_55)


def test_weeks_and_fortnights_keep_the_weekday() -> None:
    assert [due_day(date(2026, 5, 29), number, Frequency.WEEKLY) for number in (1, 2, 3)] == [
        date(2026, 5, 29), date(2026, 6, 5), date(2026, 6, 12),
    ]  # fmt: skip
    assert due_day(date(2026, 5, 29), 3, Frequency.FORTNIGHTLY) == date(2026, 6, 26)


@given(COUNTS, st.integers(0, 10**7), FIRST_DAYS, st.sampled_from(Frequency))
def test_instalments_make_the_total_are_as_many_as_agreed_and_come_in_order(
    count: int, more: int, first_on: date, frequency: Frequency
) -> None:
    total = count + more
    made = schedule(total, count, first_on, frequency)
    assert sum(one.amount_pence for one in made) == total
    assert len(made) == count
    assert min(one.amount_pence for one in made) > 0
    assert len({one.amount_pence for one in made[:-1]}) <= 1, "all are equal but the last"
    assert 0 <= made[-1].amount_pence - made[0].amount_pence < count
    days = [one.due_on for one in made]
    assert days == sorted(set(days))
    assert days[0] == first_on


@given(FIRST_DAYS, COUNTS)
def test_a_monthly_instalment_is_on_the_first_ones_day_of_the_month_or_on_the_months_last(
    first_on: date, number: int
) -> None:
    due_on = due_day(first_on, number, Frequency.MONTHLY)
    following = due_day(first_on.replace(day=1), number + 1, Frequency.MONTHLY)
    last = (following - date.resolution).day
    assert due_on.day == min(first_on.day, last)
    assert (due_on.year - first_on.year) * 12 + due_on.month - first_on.month == number - 1


@pytest.mark.parametrize(
    ("count", "frequency", "months"),
    [(12, Frequency.MONTHLY, 12), (13, Frequency.MONTHLY, 13), (1, Frequency.MONTHLY, 1), (52, Frequency.WEEKLY, 12),
     (53, Frequency.WEEKLY, 13), (26, Frequency.FORTNIGHTLY, 12), (2, Frequency.FORTNIGHTLY, 1)],
)  # fmt: skip
def test_a_month_that_is_begun_counts_whole(count: int, frequency: Frequency, months: int) -> None:
    assert months_of(count, date(2026, 1, 31), frequency) == months


@pytest.mark.parametrize(
    ("months", "roles"),
    [(12, ["assistant", "lead-officer", "board"]), (24, ["lead-officer", "board"]), (25, ["board"])],
)
def test_longer_plans_need_a_higher_approval(months: int, roles: list[str]) -> None:
    [policy] = read_plan_policies()
    assert policy.approvers(months) == roles


def test_the_shipped_terms_are_the_briefs() -> None:
    [policy] = read_plan_policies(SHIPPED_PLANS)
    assert (policy.grace_office_days, policy.tolerance_pence, policy.catch_up_days) == (5, 4_99, 10)
    assert (policy.fails_at_missed, policy.in_a_row) == (2, 3)
