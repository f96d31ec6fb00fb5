"""The scheduler on real Kafka, with a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
import pytest_asyncio

from shared.cli import scheduler
from shared.cli.days import HOUSING_TOPICS, read_calendar
from shared.cli.kafka import Broker, producing, reading
from shared.events.base import Event
from shared.events.calendar import DayEnded
from shared.events.decode import decode
from shared.events.topics import DAY_ENDED
from tests.support.kafka_tools import KafkaTools


class Clock:
    """Stands still until somebody sleeps; then it is that time."""

    def __init__(self, now: datetime, nights: int) -> None:
        self.instant = now
        self.nights = nights
        self.slept: list[datetime] = []
        self.done = asyncio.Event()

    def now(self) -> datetime:
        return self.instant

    async def sleep_until(self, instant: datetime) -> None:
        self.slept.append(instant)
        self.instant = instant
        if len(self.slept) > self.nights:
            self.done.set()
            await asyncio.Event().wait()


@pytest_asyncio.fixture
async def broker(kafka: KafkaTools) -> AsyncIterator[Broker]:
    await kafka.provide()
    yield Broker(kafka.bootstrap, kafka.prefix)


async def run_nights(broker: Broker, clock: Clock) -> list[date]:
    """Run the scheduler until its clock has slept once more than it should."""
    told: list[date] = []
    task = asyncio.create_task(scheduler.run(broker, clock, told.append))
    await asyncio.wait([task, asyncio.ensure_future(clock.done.wait())], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return told


async def ended(broker: Broker) -> list[DayEnded]:
    async with reading(broker, [DAY_ENDED.topic], HOUSING_TOPICS) as reader:
        assert await read_calendar(reader) is not None
        reader.seek(DAY_ENDED.topic, [0])
        events = [decode(record) for record in await reader.read(timeout_ms=5000)]
    return [event.data for event in events if isinstance(event, Event) and isinstance(event.data, DayEnded)]


async def test_it_ends_yesterday_first_and_then_each_day_after_midnight(broker: Broker) -> None:
    clock = Clock(datetime(2026, 3, 28, 12, tzinfo=UTC), nights=3)
    assert await run_nights(broker, clock) == [date(2026, 3, day) for day in (27, 28, 29, 30)]
    # The clocks go forward on 29 March: the night of the 30th is an hour earlier in UTC.
    assert [instant.hour for instant in clock.slept] == [0, 23, 23, 23]


async def test_an_absence_is_caught_up_day_by_day_with_cuts(broker: Broker) -> None:
    async with producing(broker) as producer:
        await producer.send_and_wait(broker.wire("housing.charge-raised"), b"x", key=b"k")
    await run_nights(broker, Clock(datetime(2026, 4, 2, 9, tzinfo=UTC), nights=0))
    assert await run_nights(broker, Clock(datetime(2026, 4, 6, 9, tzinfo=UTC), nights=0)) == [
        date(2026, 4, day) for day in (2, 3, 4, 5)
    ]
    said = await ended(broker)
    assert [one.day.day for one in said] == [1, 2, 3, 4, 5]
    assert sum(said[-1].after["housing.charge-raised"]) == 1
    assert set(said[-1].after) == set(HOUSING_TOPICS)


async def test_started_again_it_ends_nothing_twice(broker: Broker) -> None:
    noon = datetime(2026, 4, 2, 12, tzinfo=UTC)
    assert await run_nights(broker, Clock(noon, nights=0)) == [date(2026, 4, 1)]
    assert await run_nights(broker, Clock(noon, nights=0)) == []
