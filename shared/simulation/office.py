"""The days on which an office works and a bank books, and the quarters that are billed."""

from datetime import date, timedelta
from itertools import pairwise

_CLOSED = {(1, 1), (1, 2), (12, 25), (12, 26)}


def is_working_day(day: date) -> bool:
    """Return whether anybody is at work."""
    return day.weekday() < 5 and (day.month, day.day) not in _CLOSED


def working_day(day: date) -> date:
    """Return the first working day on or after ``day``."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def after_working_days(day: date, count: int) -> date:
    """Return the ``count``-th working day after ``day``."""
    for _ in range(count):
        day = working_day(day + timedelta(days=1))
    return day


def add_months(first: date, months: int) -> date:
    """Return the first of the month, ``months`` later."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def month_ends(first: date, months: int) -> list[tuple[date, date]]:
    """Return so many months from ``first`` on, each with its last day."""
    starts = [add_months(first, number) for number in range(months + 1)]
    return [(start, following - timedelta(days=1)) for start, following in pairwise(starts)]


def quarter_ends(first: date, quarters: int) -> list[tuple[date, date]]:
    """Return so many quarters from ``first`` on, each with its last day."""
    starts = [add_months(first, 3 * number) for number in range(quarters + 1)]
    return [(start, following - timedelta(days=1)) for start, following in pairwise(starts)]
