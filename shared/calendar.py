"""Days as the office and the bank count them; no clock is read here.

Office clocks follow Scottish public holidays, Bacs days follow English ones (domain.md 2.6); days are Europe/London.
"""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

LONDON = ZoneInfo("Europe/London")
_SATURDAY = 5


def london_day(moment: datetime) -> date:
    """Return the calendar day in London at an instant (which has an offset)."""
    assert moment.tzinfo is not None
    return moment.astimezone(LONDON).date()


def quarter_of(day: date) -> str:
    """Return the calendar quarter a day lies in, as ``2026Q1``."""
    return f"{day.year:04d}Q{(day.month + 2) // 3}"


def quarter_start(day: date) -> date:
    """Return the first day of the quarter that ``day`` lies in."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_days(name: str) -> tuple[date, date]:
    """Return the first and the last day of a quarter written ``2026-Q1`` or ``2026Q1``; raises ``ValueError``."""
    found = re.fullmatch(r"([1-9][0-9]{3})-?Q([1-4])", name)
    if found is None:
        raise ValueError(f"{name!r} is not a quarter; write it as YYYY-Qn, for example 2026-Q1")
    first = date(int(found[1]), int(found[2]) * 3 - 2, 1)
    return first, _month_end(date(first.year, first.month + 2, 1))


def month_days(name: str) -> tuple[date, date]:
    """Return the first and the last day of a month written ``2026-03``; raises ``ValueError``."""
    if re.fullmatch(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", name) is None:
        raise ValueError(f"{name!r} is not a month; write it as YYYY-MM, for example 2026-03")
    first = date.fromisoformat(f"{name}-01")
    return first, _month_end(first)


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day; below 0: earlier.

    What would be off the calendar is its first or last day.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _month_end(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


@cache
def _holidays(nation: str) -> HolidayBase:
    return country_holidays("GB", subdiv=nation)


@lru_cache(maxsize=20_000)
def _works(nation: str, day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in _holidays(nation)


def is_office_day(day: date) -> bool:
    """Whether the office is open: no weekend, no Scottish public holiday."""
    return _works("SCT", day)


def is_bank_day(day: date) -> bool:
    """Whether Bacs works: no weekend, no English public holiday."""
    return _works("ENG", day)


def office_day_from(day: date) -> date:
    """Return ``day`` if the office is open, else the next day it is."""
    while not is_office_day(day):
        day += timedelta(days=1)
    return day


def office_days_later(day: date, count: int) -> date:
    """Return the ``count``-th office day after ``day`` (which itself is not counted)."""
    for _ in range(count):
        day = office_day_from(day + timedelta(days=1))
    return day


def office_days_earlier(day: date, count: int) -> date:
    """Return the ``count``-th office day before ``day`` (which itself is not counted)."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_office_day(day):
            day -= timedelta(days=1)
    return day


def bank_day_from(day: date) -> date:
    """Return ``day`` if Bacs works, else the next day it does."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def bank_days_later(day: date, count: int) -> date:
    """Return the ``count``-th day after ``day`` on which Bacs works (``day`` itself is not counted)."""
    for _ in range(count):
        day = bank_day_from(day + timedelta(days=1))
    return day


def bank_days_earlier(day: date, count: int) -> date:
    """Return the ``count``-th day before ``day`` on which Bacs works (``day`` itself is not counted)."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_bank_day(day):
            day -= timedelta(days=1)
    return day
