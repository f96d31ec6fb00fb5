"""A payment at a hundred a second: from produce to committed entry and to what billing says, against bare Kafka."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.events.topics import ACCOUNT_PAID, PAYMENT_RECEIVED, PAYMENT_REVERSED
from tests.benchmarks import facts
from tests.benchmarks.figures import Figure, milliseconds
from tests.benchmarks.stage import PARTITIONS, Office, Stage

_EVERY_S = 0.01
_COMMITTED = """
select fact_id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as moment
from billing.entries where fact_kind = 'payment' and account_id is not null and fact_id = any($1::text[])
"""

Moments = dict[str, float]
"""When something happened to each payment, in seconds since 1970."""


async def measure(stage: Stage) -> list[Figure]:
    """Measure round after round on one warm process; when it is gone, one of its topics carries the bare round trip."""
    committed: list[list[float]] = []
    said: list[list[float]] = []
    bare: list[list[float]] = []
    count = stage.scaled(800)
    async with stage.office("billing") as office:
        await facts.register(office)
        await office.start()
        await _round(office, PAYMENT_RECEIVED.topic, ACCOUNT_PAID.topic, facts.payments(0, count))  # warm
        for number in range(1, stage.rounds + 1):
            records = facts.payments(number * count, count)
            sent, heard = await _round(office, PAYMENT_RECEIVED.topic, ACCOUNT_PAID.topic, records)
            rows = await office.sql.fetch(_COMMITTED, list(sent))
            committed.append([row["moment"] - sent[row["fact_id"]] for row in rows])
            said.append([heard[name] - sent[name] for name in sent])
        await office.stop()
        for number in range(1, stage.rounds + 1):
            records = facts.payments(number * count, count)
            sent, heard = await _round(office, PAYMENT_REVERSED.topic, PAYMENT_REVERSED.topic, records)
            bare.append([heard[name] - sent[name] for name in sent])
    return [
        milliseconds("payment.committed p50", committed, 0.5),
        milliseconds("payment.committed p99", committed, 0.99, most=150),
        milliseconds("payment.said p50", said, 0.5),
        milliseconds("payment.said p99", said, 0.99, most=150),
        milliseconds("kafka.round-trip p50", bare, 0.5),
        milliseconds("kafka.round-trip p99", bare, 0.99),
    ]


def _paid(value: bytes) -> str:
    return str(json.loads(value)["data"]["payment_id"])


async def _round(office: Office, topic: str, answers: str, records: list[facts.Keyed]) -> tuple[Moments, Moments]:
    """Produce at a steady rate; return when each was sent and when its answer was heard."""
    sent: Moments = {}
    async with _listener(office, answers) as heard, _producer(office) as producer:
        begin = time.monotonic()
        for number, (key, value) in enumerate(records):
            await asyncio.sleep(max(0.0, begin + number * _EVERY_S - time.monotonic()))
            sent[key.decode()] = time.time()
            await producer.send(office.kafka.prefix + topic, value, key=key)
        async with asyncio.timeout(60):
            while not heard.keys() >= sent.keys():  # noqa: ASYNC110 - waiting is not what is measured
                await asyncio.sleep(0.05)
    return sent, heard


@asynccontextmanager
async def _producer(office: Office) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=office.kafka.bootstrap, acks="all")
    await producer.start()
    yield producer
    await producer.stop()


@asynccontextmanager
async def _listener(office: Office, topic: str) -> AsyncIterator[Moments]:
    """Hear the answers from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=office.kafka.bootstrap, enable_auto_commit=False)
    await consumer.start()
    lanes = [TopicPartition(office.kafka.prefix + topic, number) for number in range(PARTITIONS)]
    consumer.assign(lanes)
    await consumer.seek_to_end(*lanes)
    heard: Moments = {}

    async def listen() -> None:
        async for record in consumer:
            heard[_paid(record.value)] = time.time()

    task = asyncio.ensure_future(listen())
    yield heard
    task.cancel()
    await consumer.stop()
