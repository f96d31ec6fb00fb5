"""Plays a story over Kafka: says each day, ends it, and goes on when those who hear the housing system have closed it.

Owners and billing hear us, so the next day is only said when both have closed this one: then every event is learnt in
the book of its day.  Arrears and notify decide by books alone (contract.md section 5) and may be some weeks behind.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.cli.days import HOUSING_TOPICS, Closings, end_day
from shared.cli.kafka import Broker, Reader, producing, reading
from shared.events.access import SIMULATION_HEARS
from shared.events.base import Event, EventData
from shared.events.decode import Record, decode
from shared.events.topics import BY_TOPIC, LINE_OF_SERVICES
from shared.simulation.diary import Remark
from shared.simulation.system import HousingSystem

LISTENS_TO = tuple(channel.topic for channel in SIMULATION_HEARS)
_HEARERS = ("owners", "billing")
_MOST_DAYS_BEHIND = 92
# A quarter: its statements are written beside the days of all of it, and the next ones find nothing piled up.

_READ_MS = 1000


class NotClosedError(Exception):
    """The services did not close a day in time."""

    def __init__(self, day: date, missing: list[str]) -> None:
        super().__init__(f"{day} was not closed by {', '.join(missing)}")
        self.day = day
        self.missing = missing


@dataclass
class Play:
    """One story being played: the system, its ears and its mouth, and what it has done so far."""

    system: HousingSystem
    broker: Broker
    producer: AIOKafkaProducer
    reader: Reader
    tell: Callable[[dict[str, Any]], None]
    patience_s: float = 240.0
    said: Counter[str] = field(default_factory=Counter)
    days: int = 0
    planted: list[dict[str, Any]] = field(default_factory=list)
    closings: Closings = field(default_factory=Closings)
    heard: list[Event[EventData]] = field(default_factory=list)

    async def run(self) -> None:
        """Play the whole story; it ends when all four services have closed its last day."""
        story, day = self.system.story, self.system.story.opened_on
        self.tell({"at": "start", "first": str(day), "last": str(story.last), "days": (story.last - day).days + 1})
        while day <= story.last:
            await self._say(self.system.say(day))
            stretch = self.system.stretch(day)
            for ended in stretch:
                await self._end(ended)
            await self._until_closed(stretch[-1], by=_HEARERS)
            await self._until_closed(stretch[-1] - timedelta(days=_MOST_DAYS_BEHIND), by=LINE_OF_SERVICES)
            self.system.hear(self.heard, stretch[-1])
            self.heard.clear()
            self.days += len(stretch)
            self._tell_day(stretch[-1])
            day = stretch[-1] + timedelta(days=1)
        await self._until_closed(story.last, by=LINE_OF_SERVICES)
        self.tell(
            {
                "at": "done",
                "last": str(story.last),
                "days": self.days,
                "events": dict(sorted(self.said.items())),
                "planted": self.planted,
            }
        )

    def _tell_day(self, day: date) -> None:
        """Report the last day ended, and how many days all four services have closed."""
        behind = max((day - self._closed_by(name)).days for name in LINE_OF_SERVICES)
        self.tell({"at": "day", "day": str(day), "days": self.days - behind, "events": self.said.total()})

    def _closed_by(self, service: str) -> date:
        """Return the last day a service has closed; the day before the story when it has closed none."""
        closed = self.closings.last.get(service)
        return closed.day if closed else self.system.story.opened_on - timedelta(days=1)

    async def _say(self, remarks: Iterable[Remark]) -> None:
        """Publish a day's remarks, all at once; each key's stay in order."""
        remarks = list(remarks)
        sent = [
            await self.producer.send(self.broker.wire(remark.topic), remark.value, key=remark.key.encode())
            for remark in remarks
        ]
        for remark, place in zip(remarks, await asyncio.gather(*sent), strict=True):
            self.said[remark.topic] += 1
            if remark.reason is not None:
                self.planted.append(_plant_of(remark, place.partition, place.offset))

    async def _end(self, day: date) -> None:
        await end_day(
            self.producer,
            self.reader,
            self.broker,
            day,
            event_id=f"day-ended/{day}",
            source=self.system.source,
            time=datetime.combine(day, datetime.max.time(), UTC),
        )

    async def _until_closed(self, day: date, *, by: Collection[str]) -> None:
        """Listen until these services have closed ``day`` and everything that billing said until then is heard."""
        deadline = time.monotonic() + self.patience_s
        while missing := [name for name in by if self._closed_by(name) < day]:
            self._check_patience(deadline, day, missing)
            await self._listen()
        while not await self._has_heard_all():
            self._check_patience(deadline, day, ["Kafka, which still owes what billing said"])
            await self._listen()

    async def _listen(self) -> None:
        records = await self.reader.read(timeout_ms=_READ_MS)
        self.closings.hear(records)
        self.heard += _events_in(records)

    @staticmethod
    def _check_patience(deadline: float, day: date, missing: list[str]) -> None:
        if time.monotonic() > deadline:
            raise NotClosedError(day, missing)

    async def _has_heard_all(self) -> bool:
        """Say whether all that billing had said when it closed the day is read: its cut tells where that ends."""
        after = {self.broker.plain(topic): ends for topic, ends in self.closings.last["billing"].after.items()}
        for topic in LISTENS_TO:
            positions = await self.reader.positions(topic)
            if any(at < end for at, end in zip(positions, after.get(topic, ()), strict=False)):
                return False
        return True


def _plant_of(remark: Remark, partition: int, offset: int) -> dict[str, Any]:
    """Return where a record that is no event lies, and whose dead letter it must become."""
    service = BY_TOPIC[remark.topic].heard_by[0]
    return {
        "service": service,
        "topic": remark.topic,
        "partition": partition,
        "offset": offset,
        "reason": str(remark.reason),
    }


def _events_in(records: Iterable[Record]) -> list[Event[EventData]]:
    events = (decode(record) for record in records if record.topic in LISTENS_TO)
    return [event for event in events if isinstance(event, Event)]


async def play(system: HousingSystem, broker: Broker, tell: Callable[[dict[str, Any]], None], **options: Any) -> None:
    """Connect to Kafka and play the system's story to its end."""
    topics = [*LISTENS_TO, *Closings.topics]
    async with reading(broker, topics, HOUSING_TOPICS) as reader, producing(broker) as producer:
        await Play(system, broker, producer, reader, tell, **options).run()
