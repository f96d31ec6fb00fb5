"""The calendar as the services see it, and when the scheduler ends a day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.cli.close import days_between
from shared.cli.days import Calendar, Closings, calendar_of
from shared.cli.errors import CliError
from shared.cli.scheduler import days_due, next_run
from shared.events.calendar import DayClosed, DayEnded
from shared.events.decode import Record
from shared.events.envelope import encode
from shared.events.topics import DAY_CLOSED, DAY_ENDED

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def ended(day: str) -> Record:
    value = encode(DAY_ENDED, DayEnded(day=date.fromisoformat(day)), id=f"end/{day}", source="test", time=NOON)
    return Record(DAY_ENDED.topic, 0, 0, None, value)


def closed(service: str, day: str) -> Record:
    channel, on = DAY_CLOSED[service], date.fromisoformat(day)
    data = DayClosed(day=on, after={}, totals={})
    value = encode(channel, data, id=f"closed/{day}", source=f"closebook/{service}", time=NOON, book=on, aggver=1)
    return Record(channel.topic, 0, 0, None, value)


def test_the_calendar_is_the_first_and_the_last_day() -> None:
    records = [ended("2026-04-01"), ended("2026-03-30"), ended("2026-04-03"), ended("2026-04-02")]
    assert calendar_of(records) == Calendar(date(2026, 4, 1), date(2026, 4, 3))


def test_a_leap_of_more_than_400_days_is_not_counted() -> None:
    assert calendar_of([ended("2026-04-01"), ended("2027-05-07")]) == Calendar(date(2026, 4, 1), date(2026, 4, 1))
    assert calendar_of([ended("2026-04-01"), ended("2027-05-06")]) == Calendar(date(2026, 4, 1), date(2027, 5, 6))


def test_what_is_no_day_is_left_out() -> None:
    assert calendar_of([Record(DAY_ENDED.topic, 0, 0, None, b"?")]) is None


def test_closings_name_who_is_behind_in_the_order_of_the_line() -> None:
    closings = Closings()
    assert closings.hear([closed("owners", "2026-04-02"), closed("notify", "2026-04-01")]) == {"owners", "notify"}
    assert closings.missing(date(2026, 4, 1)) == ["billing", "arrears"]
    assert closings.missing(date(2026, 4, 2)) == ["billing", "arrears", "notify"]


def test_a_closing_said_again_changes_nothing() -> None:
    closings = Closings()
    closings.hear([closed("owners", "2026-04-02")])
    assert closings.hear([closed("owners", "2026-04-01"), closed("owners", "2026-04-02")]) == set()


def test_more_than_400_days_in_one_command_are_a_slip_of_the_pen() -> None:
    first = date(2026, 5, 7)
    assert len(days_between(first, first + timedelta(days=399))) == 400
    with pytest.raises(CliError) as caught:
        days_between(first, date(2062, 5, 20))
    assert "13,163 days" in caught.value.problem
    assert "closebook close 2026-05-07 --through 2027-06-10" in caught.value.next_step


def test_the_first_day_ever_is_yesterday_alone() -> None:
    assert days_due(None, datetime(2026, 4, 2, 0, 0, 5, tzinfo=LONDON)) == [date(2026, 4, 1)]


def test_missed_days_are_all_due_in_order() -> None:
    now = datetime(2026, 4, 4, 9, tzinfo=LONDON)
    assert days_due(date(2026, 3, 31), now) == [date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3)]
    assert days_due(date(2026, 4, 3), now) == []


def test_the_day_is_london_s_not_utc_s() -> None:
    assert days_due(None, datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == [date(2026, 6, 30)]


@pytest.mark.parametrize("before", ["2026-03-28T12:00", "2026-10-24T12:00", "2026-06-15T23:59"])
def test_the_next_run_is_just_after_midnight_whatever_the_clocks_do(before: str) -> None:
    now = datetime.fromisoformat(before).replace(tzinfo=LONDON)
    local = next_run(now).astimezone(LONDON)
    assert local.date() == now.date() + timedelta(days=1)
    assert (local.hour, local.minute) == (0, 0)


def test_days_run_forward() -> None:
    assert days_between(date(2026, 2, 27), date(2026, 3, 2)) == [
        date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2),
    ]  # fmt: skip
    with pytest.raises(CliError):
        days_between(date(2026, 3, 2), date(2026, 3, 1))
