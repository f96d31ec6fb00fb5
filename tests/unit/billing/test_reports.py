"""Figures that are told: rates exactly and half up, what was collected of what fell due, the twelve months."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.position import Ageing
from services.billing.domain.reports import Rate, together, year_to
from tests.unit.billing.builders import a_statement, charge_line, collected, credit_line, day, payment_line, position

Q1 = a_statement("2026-04-01", "2026-04-29", "F-2026Q1")
SPRING = (day("2026-04-01"), day("2026-06-30"))


@pytest.mark.parametrize(
    ("part", "whole", "fraction", "percent"),
    [
        (95_00, 100_00, "19/20", "95.00"),
        (1, 3, "1/3", "33.33"),
        (2, 3, "2/3", "66.67"),
        (1, 16_000, "1/16000", "0.01"),
        (0, 5, "0/1", "0.00"),
        (-1, 200, "-1/200", "-0.50"),
        (7, 0, None, None),
    ],
)
def test_a_rate_is_told_exactly_and_in_percent_half_up(
    part: int, whole: int, fraction: str | None, percent: str | None
) -> None:
    assert (Rate(part, whole).fraction, Rate(part, whole).percent) == (fraction, percent)


def test_what_fell_due_in_the_quarter_and_was_paid_counts() -> None:
    assert collected([charge_line(100_00), payment_line(40_00)], [Q1], *SPRING) == Rate(40_00, 100_00)


def test_what_fell_due_in_another_quarter_does_not() -> None:
    lines = [charge_line(100_00), payment_line(40_00)]
    assert collected(lines, [Q1], day("2026-07-01"), day("2026-09-30")) == Rate(0, 0)


def test_a_credit_lowers_what_was_due() -> None:
    assert collected([charge_line(100_00), credit_line(-30_00)], [Q1], *SPRING) == Rate(0, 70_00)


def test_money_beyond_what_was_due_is_not_collected_of_it() -> None:
    assert collected([charge_line(100_00), payment_line(150_00)], [Q1], *SPRING) == Rate(100_00, 100_00)


@given(charged=st.integers(1, 500), paid=st.integers(1, 500))
def test_due_is_collected_and_open_together(charged: int, paid: int) -> None:
    lines = [charge_line(charged), payment_line(paid)]
    rate = collected(lines, [Q1], *SPRING)
    assert rate.whole_pence - rate.part_pence == position(lines, [Q1], SPRING[1]).due_pence


def test_ageings_are_summed_column_by_column_and_credit_stays_apart() -> None:
    assert together([Ageing(current=5, credit=-3), Ageing(current=2)]) == Ageing(current=7, credit=-3)
    assert together([]) == Ageing()


@pytest.mark.parametrize(
    ("last", "first"),
    [("2026-03-31", "2025-04-01"), ("2026-12-31", "2026-01-01"), ("2028-02-29", "2027-03-01")],
)
def test_twelve_months_end_with_the_day(last: str, first: str) -> None:
    assert year_to(date.fromisoformat(last)) == (day(first), day(last))
