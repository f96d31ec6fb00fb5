"""`closebook scheduler`: ends each business day just after midnight, Europe/London, and catches up after an absence."""

import asyncio
import signal
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Protocol

import typer

from shared.calendar import LONDON, london_day
from shared.cli import environment, output
from shared.cli.days import HOUSING_TOPICS, end_day, read_calendar
from shared.cli.kafka import Broker, producing, reading
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import DAY_ENDED

SOURCE = "closebook/scheduler"
_AFTER_MIDNIGHT = time(0, 0, 5)
# Midnight itself belongs to clocks that disagree by a second or two.


class Clock(Protocol):
    """What the scheduler asks of time; tests bring their own."""

    def now(self) -> datetime:
        """Return this instant, with its offset."""

    async def sleep_until(self, instant: datetime) -> None:
        """Return when ``instant`` has come."""


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return this instant in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime) -> None:
        """Sleep in short stretches, so that a clock that is set forward is noticed."""
        while (left := (instant - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing tells of a clock being set
            await asyncio.sleep(min(left, 30))


def scheduler(
    *,
    once: Annotated[bool, typer.Option("--once", help="End what is due and stop.")] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """End each day just after midnight in Edinburgh; days missed meanwhile are ended at once, in order."""
    ended: list[date] = []

    def tell(day: date) -> None:
        ended.append(day)
        if not as_json:
            output.tell(f"ended {day}")

    asyncio.run(_until_told(run(Broker.of(environment.resolve(data)), WallClock(), tell, once=once)))
    if as_json:
        output.write_json({"ended": [day.isoformat() for day in ended]})


async def _until_told(work: object) -> None:
    """Run until the work is done or SIGTERM asks to stop; a day is said whole or not at all."""
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


async def run(broker: Broker, clock: Clock, tell: Callable[[date], None], *, once: bool = False) -> None:
    """End every day that is over and not ended yet, then wait for the next midnight, for ever."""
    while True:
        for day in await end_due_days(broker, clock.now()):
            tell(day)
        if once:
            return
        await clock.sleep_until(next_run(clock.now()))


async def end_due_days(broker: Broker, now: datetime) -> list[date]:
    """Say ``day-ended`` for each day since the last one that ended, up to yesterday; returns them."""
    async with reading(broker, [DAY_ENDED.topic], HOUSING_TOPICS) as reader:
        calendar = await read_calendar(reader)
        due = days_due(calendar.last if calendar else None, now)
        if due:
            async with producing(broker) as producer:
                for day in due:
                    event_id = f"day-ended/{day}/{uuid.uuid4()}"
                    await end_day(producer, reader, broker, day, event_id=event_id, source=SOURCE, time=now)
    return due


def days_due(last: date | None, now: datetime) -> list[date]:
    """Return the days that are over and not ended: only yesterday when none ever ended."""
    yesterday = london_day(now) - timedelta(days=1)
    if last is None:
        return [yesterday]
    return [last + timedelta(days=number) for number in range(1, (yesterday - last).days + 1)]


def next_run(now: datetime) -> datetime:
    """Return the instant just after the next midnight in London, whatever the clocks do that night."""
    tomorrow = london_day(now) + timedelta(days=1)
    return datetime.combine(tomorrow, _AFTER_MIDNIGHT, LONDON).astimezone(UTC)
