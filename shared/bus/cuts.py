"""Questions to Kafka that must not wait behind a long poll: log ends, log starts, proof that nothing is left."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.positions import Lane
from shared.events.decode import Record
from shared.events.topics import Channel
from shared.kafka_security import KafkaSecurity

_DEADLINE_S = 10.0
_PROOF_POLL_MS = 50


class _Asker(AIOKafkaConsumer):  # type: ignore[misc]  # the library has no types
    """Learns the leaders of all topics in one request: by itself it asks topic by topic, 0.1 s each (measured)."""

    async def learn(self, topics: set[str]) -> None:
        """Know these topics too, from now on."""
        if not topics <= self._client._topics:
            await self._client.set_topics(topics | self._client._topics)


class Cuts:
    """A warmed consumer without a group that never fetches for anyone (measured: a cut takes under a millisecond)."""

    def __init__(
        self, bootstrap: str, *, prefix: str = "", partitions: int = 12, access: KafkaSecurity | None = None
    ) -> None:
        self._bootstrap = bootstrap
        self._access = access or KafkaSecurity()
        self._prefix = prefix
        self._partitions = partitions
        self._consumer: _Asker | None = None
        self._lock = asyncio.Lock()

    def _new(self) -> _Asker:
        """Return a consumer that sees only what is committed."""
        return _Asker(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            **self._access.options(),
        )

    async def _ask(self, places: Iterable[TopicPartition]) -> _Asker:
        """Return the warmed consumer, started on first use, that knows the places."""
        async with self._lock:
            if self._consumer is None:
                consumer = self._new()
                try:
                    await asyncio.wait_for(consumer.start(), _DEADLINE_S)
                except BaseException:
                    await _stop(consumer)
                    raise
                self._consumer = consumer
            await asyncio.wait_for(self._consumer.learn({place.topic for place in places}), _DEADLINE_S)
            return self._consumer

    def _kafka(self, lane: Lane) -> TopicPartition:
        return TopicPartition(self._prefix + lane[0], lane[1])

    async def ends(self, lanes: Iterable[Lane]) -> dict[Lane, int]:
        """Return the end offset of each lane (the last stable one)."""
        names = {self._kafka(lane): lane for lane in lanes}
        consumer = await self._ask(names)
        offsets = await asyncio.wait_for(consumer.end_offsets(list(names)), _DEADLINE_S) if names else {}
        return {names[place]: offset for place, offset in offsets.items()}

    async def ends_by_topic(self, channels: Iterable[Channel]) -> dict[str, list[int]]:
        """Return the end offset of each partition of each channel's topic."""
        counts = {channel.topic: 1 if channel.single else self._partitions for channel in channels}
        ends = await self.ends((topic, number) for topic, count in counts.items() for number in range(count))
        return {topic: [ends[topic, number] for number in range(count)] for topic, count in counts.items()}

    async def starts(self, lanes: Iterable[Lane]) -> dict[Lane, int]:
        """Return the first offset that each lane still has."""
        names = {self._kafka(lane): lane for lane in lanes}
        consumer = await self._ask(names)
        offsets = await asyncio.wait_for(consumer.beginning_offsets(list(names)), _DEADLINE_S) if names else {}
        return {names[place]: offset for place, offset in offsets.items()}

    async def is_read(self, lane: Lane, position: int, cut: int) -> bool:
        """Prove that no record stands between ``position`` and ``cut`` (only transaction markers do).

        A consumer of its own seeks to the position and polls until it has passed the cut or a record appears.  What
        Kafka has deleted behind the position can be proved no more.
        """
        place = self._kafka(lane)
        consumer = self._new()
        try:
            await asyncio.wait_for(consumer.start(), _DEADLINE_S)
            consumer.assign([place])
            consumer.seek(place, position)
            async with asyncio.timeout(_DEADLINE_S):
                if (await consumer.beginning_offsets([place]))[place] > position:
                    return False
                while await consumer.position(place) < cut:
                    found = await consumer.getmany(place, timeout_ms=_PROOF_POLL_MS, max_records=1)
                    if any(record.offset < cut for records in found.values() for record in records):
                        return False
            return True
        except TimeoutError:
            return False
        finally:
            await _stop(consumer)

    async def read(self, lane: Lane, begin: int, end: int) -> AsyncIterator[list[Record]]:
        """Yield the records of a lane from ``begin`` up to ``end``, a page at a time, without moving any position.

        Raises ``TimeoutError`` when a page does not come within the deadline.
        """
        place = self._kafka(lane)
        consumer = self._new()
        try:
            await asyncio.wait_for(consumer.start(), _DEADLINE_S)
            consumer.assign([place])
            consumer.seek(place, begin)
            while await asyncio.wait_for(consumer.position(place), _DEADLINE_S) < end:
                found = await asyncio.wait_for(consumer.getmany(place, timeout_ms=_PROOF_POLL_MS), _DEADLINE_S)
                records = [record for page in found.values() for record in page if record.offset < end]
                if records:
                    yield [Record(*lane, r.offset, r.key, r.value, tuple(r.headers), r.timestamp) for r in records]
        finally:
            await _stop(consumer)

    async def read_all(self, ranges: Mapping[Lane, tuple[int, int]]) -> AsyncIterator[list[Record]]:
        """Yield the records of several lanes, each from its begin up to its end, with one client.

        Raises ``TimeoutError`` when nothing comes within the deadline although something must.
        """
        names = {self._kafka(lane): lane for lane in ranges}
        if not names:
            return
        consumer = self._new()
        try:
            await asyncio.wait_for(consumer.start(), _DEADLINE_S)
            consumer.assign(list(names))
            for place, lane in names.items():
                consumer.seek(place, ranges[lane][0])
            open_ = set(names)
            while open_:
                found = await asyncio.wait_for(consumer.getmany(*open_, timeout_ms=_PROOF_POLL_MS), _DEADLINE_S)
                for place, page in found.items():
                    end = ranges[names[place]][1]
                    records = [record for record in page if record.offset < end]
                    yield [
                        Record(*names[place], r.offset, r.key, r.value, tuple(r.headers), r.timestamp) for r in records
                    ]
                open_ = {place for place in open_ if await consumer.position(place) < ranges[names[place]][1]}
        finally:
            await _stop(consumer)

    async def stop(self) -> None:
        """Leave the broker, within a deadline."""
        if self._consumer is not None:
            await _stop(self._consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop a client without waiting for a broker that may be gone (it may raise, or cancel itself, meanwhile)."""
    try:
        async with asyncio.timeout(3):
            await consumer.stop()
    except (Exception, asyncio.CancelledError):  # noqa: BLE001, S110 - leaving is best effort and nothing depends on it
        pass
