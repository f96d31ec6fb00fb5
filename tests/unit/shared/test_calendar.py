"""Two calendars: the office follows Scotland, the bank follows England."""

from datetime import UTC, date, datetime

import pytest

from shared import calendar


@pytest.mark.parametrize(
    ("day", "office", "bank"),
    [
        (date(2026, 1, 1), False, False),
        (date(2026, 1, 2), False, True),
        (date(2026, 4, 3), False, False),  # Good Friday
        (date(2026, 4, 6), True, False),  # Easter Monday is English
        (date(2026, 8, 3), False, True),  # the August holidays differ
        (date(2026, 8, 31), True, False),
        (date(2026, 11, 30), False, True),  # St Andrew's Day
        (date(2026, 12, 25), False, False),
        (date(2026, 12, 28), False, False),  # Boxing Day, moved from the Saturday
        (date(2026, 5, 9), False, False),
        (date(2026, 5, 6), True, True),
    ],
)
def test_office_and_bank_days(day: date, office: bool, bank: bool) -> None:
    assert (calendar.is_office_day(day), calendar.is_bank_day(day)) == (office, bank)


def test_a_collection_on_2_january_is_possible_an_office_task_is_not_case_25() -> None:
    assert calendar.bank_day_from(date(2026, 1, 1)) == date(2026, 1, 2)
    assert calendar.office_day_from(date(2026, 1, 1)) == date(2026, 1, 5)


def test_office_days_are_counted_without_the_first() -> None:
    assert calendar.office_days_later(date(2026, 4, 30), 3) == date(2026, 5, 6)
    assert calendar.office_days_later(date(2026, 4, 30), 0) == date(2026, 4, 30)


def test_office_days_are_counted_backwards_as_forwards() -> None:
    assert calendar.office_days_earlier(date(2026, 5, 6), 3) == date(2026, 4, 30)
    assert calendar.office_days_earlier(date(2026, 4, 16), 5) == date(2026, 4, 9)
    assert calendar.office_days_earlier(date(2026, 4, 16), 0) == date(2026, 4, 16)


def test_the_day_is_londons_case_51() -> None:
    assert calendar.london_day(datetime(2026, 3, 31, 23, 30, tzinfo=UTC)) == date(2026, 4, 1)
    assert calendar.london_day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("day", "quarter", "start"),
    [
        (date(2026, 1, 1), "2026Q1", date(2026, 1, 1)),
        (date(2026, 3, 31), "2026Q1", date(2026, 1, 1)),
        (date(2026, 4, 1), "2026Q2", date(2026, 4, 1)),
        (date(2026, 12, 31), "2026Q4", date(2026, 10, 1)),
    ],
)
def test_quarters(day: date, quarter: str, start: date) -> None:
    assert (calendar.quarter_of(day), calendar.quarter_start(day)) == (quarter, start)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2027-Q4", date(2027, 10, 1), date(2027, 12, 31)),
    ],
)
def test_a_quarter_is_its_days(name: str, first: date, last: date) -> None:
    assert calendar.quarter_days(name) == (first, last)


def test_a_month_is_its_days() -> None:
    assert calendar.month_days("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 11, 30), 2, date(2027, 1, 30)),
        (date(2024, 2, 29), 60, date(2029, 2, 28)),
        (date(2029, 3, 1), -60, date(2024, 3, 1)),
        (date(9999, 10, 1), 3, date(9999, 12, 31)),
        (date(1, 3, 1), -3, date(1, 1, 1)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_its_month(day: date, months: int, later: date) -> None:
    assert calendar.months_later(day, months) == later


@pytest.mark.parametrize(
    "name", ["2026", "2026-Q5", "26-Q1", "2026-13", "0000-Q1", "0000-01", "2026-1", "", "2026-Q1\n"]
)
def test_what_names_no_days_is_told(name: str) -> None:
    for read in (calendar.quarter_days, calendar.month_days):
        with pytest.raises(ValueError, match="write it as"):
            read(name)
