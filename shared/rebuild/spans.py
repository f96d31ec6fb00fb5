"""Reads spans of many partitions, each partition once and in its order, with one client; or single records."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.cuts import Cuts
from shared.bus.positions import Lane
from shared.events.decode import Record
from shared.events.intake import Span
from shared.settings import ServiceSettings

_POLL_MS = 200
_DEADLINE_S = 30.0


class ExpiredError(LookupError):
    """Kafka has not all the records any more; the text is a sentence for people."""


class Spans:
    """The records behind the places where a service stood; a span asked for begins where the one before it ended."""

    def __init__(self, settings: ServiceSettings, begins: Mapping[Lane, int]) -> None:
        self._prefix = settings.topic_prefix
        self._begins = begins
        self._read: defaultdict[Lane, list[Record]] = defaultdict(list)
        self._kafka = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest",
            isolation_level="read_committed", **settings.kafka_access.options(),
        )  # fmt: skip

    async def start(self) -> None:
        """Connect and go to every lane's place; raises ``ExpiredError`` when a lane begins behind it or ends before."""
        await self._kafka.start()
        places = {self._place(lane): begin for lane, begin in self._begins.items()}
        if not places:
            return
        self._kafka.assign(list(places))
        starts, ends = await self._kafka.beginning_offsets(list(places)), await self._kafka.end_offsets(list(places))
        for place, begin in places.items():
            if not starts[place] <= begin <= ends[place]:
                raise ExpiredError(f"{place.topic} partition {place.partition} has nothing at {begin} any more.")
            self._kafka.seek(place, begin)

    async def stop(self) -> None:
        """Leave the broker."""
        await self._kafka.stop()

    async def take(self, lane: Lane, end: int) -> list[Record]:
        """Return a lane's next records up to ``end``; raises ``TimeoutError`` when they do not come."""
        place = self._place(lane)
        async with asyncio.timeout(_DEADLINE_S):
            while await self._kafka.position(place) < end:
                await self._read_on(place)
        read = self._read[lane]
        self._read[lane] = [record for record in read if record.offset >= end]
        return [record for record in read if record.offset < end]

    async def _read_on(self, place: TopicPartition) -> None:
        """Keep what comes next of a lane; the others wait in Kafka, not here."""
        found = await self._kafka.getmany(place, timeout_ms=_POLL_MS)
        lane = (place.topic[len(self._prefix) :], place.partition)
        self._read[lane] += [
            Record(*lane, one.offset, one.key, one.value, tuple(one.headers), one.timestamp)
            for one in found.get(place, ())
        ]

    def _place(self, lane: Lane) -> TopicPartition:
        return TopicPartition(self._prefix + lane[0], lane[1])


async def at(cuts: Cuts, read: Sequence[Span]) -> list[Record]:
    """Return the one record of each span, in their order, with one client for all.

    Raises ``ExpiredError`` when Kafka has one no more.
    """
    reach: dict[Lane, tuple[int, int]] = {}
    for span in read:
        low, high = reach.get((span.topic, span.partition), (span.begin, span.end))
        reach[span.topic, span.partition] = min(low, span.begin), max(high, span.end)
    starts, ends = await cuts.starts(reach), await cuts.ends(reach)
    for lane, (low, high) in reach.items():
        if not starts[lane] <= low < high <= ends[lane]:
            raise ExpiredError(f"{lane[0]} partition {lane[1]} has not all from {low} to {high} any more.")
    found: dict[tuple[str, int, int], Record] = {}
    async for page in cuts.read_all(reach):
        found |= {(record.topic, record.partition, record.offset): record for record in page}
    return [found[span.topic, span.partition, span.begin] for span in read]
