"""Ending business days on Kafka, and hearing that the services have closed them (contract.md section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aiokafka import AIOKafkaProducer

from shared.cli.kafka import Broker, Reader
from shared.events.base import Event
from shared.events.calendar import MOST_DAYS_AT_ONCE, DayClosed, DayEnded
from shared.events.decode import Record, decode
from shared.events.envelope import encode
from shared.events.topics import CHANNELS, DAY_CLOSED, DAY_ENDED, LINE_OF_SERVICES

HOUSING_TOPICS = tuple(channel.topic for channel in CHANNELS if channel.owner == "housing")
"""The topics a cut names."""

STRETCH = timedelta(days=MOST_DAYS_AT_ONCE - 1)
"""From the first to the last of so many days."""

_TAIL = 400
# A service says it once for each day, so the last few hundred records of a day-closed topic tell the last day.


async def end_day(
    producer: AIOKafkaProducer, reader: Reader, broker: Broker, day: date, *, event_id: str, source: str, time: datetime
) -> None:
    """Say ``calendar.day-ended`` with the ends of all housing topics at this moment; returns when Kafka has it."""
    ended = DayEnded(day=day, after=await reader.ends(HOUSING_TOPICS))
    value = encode(DAY_ENDED, ended, id=event_id, source=source, time=time)
    await producer.send_and_wait(broker.wire(DAY_ENDED.topic), value, key=DAY_ENDED.key.encode())


@dataclass(frozen=True, slots=True)
class Calendar:
    """The first and the last day that ended."""

    first: date
    last: date


def calendar_of(records: Iterable[Record]) -> Calendar | None:
    """Return what the services make of the ``calendar.day-ended`` records, or nothing before the first."""
    known: Calendar | None = None
    for record in records:
        event = decode(record)
        if not isinstance(event, Event) or not isinstance(event.data, DayEnded):
            continue
        day = event.data.day
        if known is None:
            known = Calendar(day, day)
        elif known.last < day <= known.last + timedelta(days=MOST_DAYS_AT_ONCE):
            known = Calendar(known.first, day)
    return known


async def read_calendar(reader: Reader) -> Calendar | None:
    """Read the whole calendar topic (one small record for each day)."""
    topic = DAY_ENDED.topic
    reader.seek(topic, await reader.starts(topic))
    ends = (await reader.ends([topic]))[topic]
    records: list[Record] = []
    while any(at < end for at, end in zip(await reader.positions(topic), ends, strict=True)):
        records += [record for record in await reader.read(timeout_ms=200) if record.topic == topic]
    return calendar_of(records)


class Closings:
    """The last day that each service is known to have closed, fed from its ``day-closed`` records."""

    topics = tuple(channel.topic for channel in DAY_CLOSED.values())

    def __init__(self) -> None:
        self.last: dict[str, DayClosed] = {}

    def hear(self, records: Iterable[Record]) -> set[str]:
        """Take the day-closed records among ``records`` in; return the services that got further."""
        further = set()
        for record in records:
            event = decode(record) if record.topic in self.topics else None
            if not isinstance(event, Event) or not isinstance(event.data, DayClosed):
                continue
            service = record.topic.partition(".")[0]
            before = self.last.get(service)
            if before is None or event.data.day > before.day:
                self.last[service] = event.data
                further.add(service)
        return further

    def missing(self, day: date) -> list[str]:
        """Return the services that have not closed ``day``, in the order in which a day is closed."""
        return [service for service in LINE_OF_SERVICES if service not in self.last or self.last[service].day < day]


async def seek_last_closings(reader: Reader) -> None:
    """Let the reader begin with the last few day-closed records of each service."""
    ends = await reader.ends(Closings.topics)
    for topic in Closings.topics:
        starts = await reader.starts(topic)
        reader.seek(topic, [max(start, end - _TAIL) for start, end in zip(starts, ends[topic], strict=True)])
