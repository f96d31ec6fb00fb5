"""Kafka as tests need it: raw bytes in, whole topics out, under a prefix of the test's own."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.embedded import topics
from shared.events.rejection import Record
from shared.events.topics import CHANNELS, Channel

PARTITIONS = 3
Headers = Sequence[tuple[str, bytes | None]]


@dataclass(slots=True)
class KafkaTools:
    """One broker seen through one topic prefix; topic names are given and returned without it."""

    bootstrap: str
    prefix: str
    partitions: int = PARTITIONS
    _made: list[str] = field(default_factory=list)
    _producer: AIOKafkaProducer | None = None

    async def provide(self, *channels: Channel) -> None:
        """Create the topics of these channels (of all when none is named)."""
        wanted = channels or CHANNELS
        await topics.provision(self.bootstrap, partitions=self.partitions, prefix=self.prefix, channels=wanted)
        self._made += [channel.topic for channel in wanted]

    async def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> tuple[int, int]:
        """Produce one record exactly as given; return its partition and offset."""
        producer = await self._started_producer()
        sent = await producer.send_and_wait(
            self.prefix + topic, value, key=key, headers=list(headers), partition=partition
        )
        return sent.partition, sent.offset

    async def send_many(self, topic: str, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Produce (key, value) pairs in order and wait until all are acknowledged."""
        producer = await self._started_producer()
        acknowledgements = [await producer.send(self.prefix + topic, value, key=key) for key, value in records]
        await asyncio.gather(*acknowledgements)

    async def send_transaction(self, topic: str, values: Iterable[bytes], *, partition: int, abort: bool) -> None:
        """Produce values inside a Kafka transaction, so that the partition ends in a commit or abort marker."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, transactional_id=uuid.uuid4().hex)
        await producer.start()
        try:
            await producer.begin_transaction()
            for value in values:
                await producer.send_and_wait(self.prefix + topic, value, partition=partition)
            await (producer.abort_transaction() if abort else producer.commit_transaction())
        finally:
            await producer.stop()

    async def read_all(self, topic: str) -> list[Record]:
        """Return every committed record of a topic, by partition and offset."""
        async with self._reader() as consumer:
            lanes = await self._lanes(topic)
            consumer.assign(lanes)
            await consumer.seek_to_beginning(*lanes)
            ends = await consumer.end_offsets(lanes)
            records: list[Record] = []
            while any([await consumer.position(lane) < ends[lane] for lane in lanes]):
                for lane, batch in (await consumer.getmany(timeout_ms=200)).items():
                    records += [
                        Record(topic, lane.partition, r.offset, r.key, r.value, tuple(r.headers), r.timestamp)
                        for r in batch
                    ]
        return sorted(records, key=lambda record: (record.partition, record.offset))

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the end offset of each partition of a topic."""
        async with self._reader() as consumer:
            ends = await consumer.end_offsets(await self._lanes(topic))
        return {lane.partition: offset for lane, offset in ends.items()}

    async def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Return what a consumer group has committed, by topic and partition."""
        async with self._admin() as admin:
            offsets = await admin.list_consumer_group_offsets(group)
        return {(tp.topic.removeprefix(self.prefix), tp.partition): meta.offset for tp, meta in offsets.items()}

    async def forget(self, topics: Iterable[str]) -> None:
        """Delete topics with all they hold, and return when the broker does not know them any more."""
        gone = {self.prefix + topic for topic in topics}
        async with self._admin() as admin:
            await admin.delete_topics(sorted(gone))
            while True:
                if not gone & set(await admin.list_topics()):
                    return
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Stop the producer and delete the topics made here: old test topics slow the broker down."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None
        if self._made:
            async with self._admin() as admin:
                await admin.delete_topics([self.prefix + topic for topic in self._made])
            self._made.clear()

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, max_request_size=4 * 1024 * 1024)
            await producer.start()
            self._producer = producer
        return self._producer

    async def _lanes(self, topic: str) -> list[TopicPartition]:
        name = self.prefix + topic
        async with self._admin() as admin:
            (described,) = await admin.describe_topics([name])
        return [TopicPartition(name, number) for number in range(len(described["partitions"]))]

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()
