"""The ceiling: consume, validate, and COPY the rows that the real path wrote into identical tables, nothing else."""

import time
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import BaseModel, ConfigDict

from shared.events.housing import ChargeRaised
from shared.events.topics import CHARGE_RAISED
from tests.benchmarks.rows import Rows
from tests.benchmarks.stage import PARTITIONS, Office


class _ChargeEvent(BaseModel):
    """The least a consumer must check."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: str
    source: str
    type: str
    time: datetime
    data: ChargeRaised


@dataclass(slots=True)
class Ceiling:
    """Reads the real path's topic from where its round began; writes to a database of its own, one batch a commit."""

    office: Office
    beside: Office
    positions: dict[int, int] = field(default_factory=dict)

    async def round(self, rows: Rows, batches: list[int]) -> float:
        """Take in the round's records in the real path's batches; return events a second after the first batch."""
        writer = await asyncpg.connect(self.beside.urls.app_url)
        consumer = await self._consumer()
        done, started = 0, 0.0
        try:
            for size in batches:
                for record in await _take(consumer, size):
                    _ChargeEvent.model_validate_json(record.value)
                    self.positions[record.partition] = record.offset + 1
                await rows.copy(writer, done, done + size)
                done += size
                started = started or time.monotonic()
            return (done - batches[0]) / (time.monotonic() - started)
        finally:
            await consumer.stop()
            await writer.close()

    async def _consumer(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.office.kafka.bootstrap, enable_auto_commit=False, isolation_level="read_committed"
        )
        await consumer.start()
        topic = self.office.kafka.prefix + CHARGE_RAISED.topic
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        for number in range(PARTITIONS):
            consumer.seek(TopicPartition(topic, number), self.positions.get(number, 0))
        return consumer


async def _take(consumer: AIOKafkaConsumer, size: int) -> list[ConsumerRecord]:
    records: list[ConsumerRecord] = []
    while len(records) < size:
        found = await consumer.getmany(timeout_ms=1_000, max_records=size - len(records))
        records += [record for batch in found.values() for record in batch]
    return records
