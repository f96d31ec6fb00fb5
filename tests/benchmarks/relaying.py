"""The relay against a bare idempotent producer that sends the same bytes, as many at a time."""

import asyncio
import time
from datetime import date
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.bus.relay import Relay
from shared.db.engine import connect
from shared.events.topics import ACCOUNT_CHARGED
from tests.benchmarks import facts
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Office, Stage, until

_PAGE = 500


async def measure(stage: Stage) -> list[Figure]:
    """Send the same events through both, one after the other, in every round."""
    relayed, bare = [], []
    async with stage.office("billing") as office:
        records = await _fill(office.sql, stage.scaled(20_000))
        for _ in range(stage.rounds):
            relayed.append(await _relay(office, len(records)))
            bare.append(await _bare(office, records))
    return [
        Figure("relay.events", "events/s", tuple(relayed)),
        Figure("relay.bare-producer", "events/s", tuple(bare)),
        Figure("relay.of-bare-producer", "ratio", ratios(relayed, bare)),
    ]


def _producer(office: Office) -> AIOKafkaProducer:
    """Return a producer with the relay's settings."""
    return AIOKafkaProducer(
        bootstrap_servers=office.kafka.bootstrap, acks="all", enable_idempotence=True, linger_ms=0,
        max_batch_size=131_072, request_timeout_ms=10_000, max_request_size=1_048_576,
    )  # fmt: skip


async def _fill(sql: asyncpg.Connection, events: int) -> list[facts.Keyed]:
    """Write events into the log; what they say does not matter, only how long it is."""
    records = facts.charges(0, events)
    rows = [
        (uuid4(), ACCOUNT_CHARGED.topic, key.decode(), ACCOUNT_CHARGED.type, number + 1, date(2026, 3, 2), 0, value)
        for number, (key, value) in enumerate(records)
    ]
    insert = (
        "insert into msg.event_log (event_uid, topic, msg_key, type, aggver, book, pence, body)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    async with sql.transaction():
        await sql.executemany(insert, rows)
    return records


async def _relay(office: Office, events: int) -> float:
    """Return events a second from the first page to the empty outbox."""
    relay = Relay(
        lambda: connect(office.urls.app_url, application_name="bench-relay"), lambda: _producer(office),
        prefix=office.kafka.prefix, holder="bench",
    )  # fmt: skip
    task = asyncio.ensure_future(relay.run())
    await relay.drained.wait()
    await office.sql.execute("insert into msg.outbox_pending (seq) select seq from msg.event_log order by seq")
    relay.drained.clear()
    started = time.monotonic()
    relay.wake.set()
    await until(office.sql, "select not exists (select from msg.outbox_pending)", every_s=0.01)
    took = time.monotonic() - started
    relay.stopping.set()
    relay.wake.set()
    await task
    return events / took


async def _bare(office: Office, records: list[facts.Keyed]) -> float:
    producer = _producer(office)
    await producer.start()
    topic = office.kafka.prefix + ACCOUNT_CHARGED.topic
    await producer.partitions_for(topic)
    started = time.monotonic()
    for first in range(0, len(records), _PAGE):
        page = records[first : first + _PAGE]
        await asyncio.gather(*[await producer.send(topic, value, key=key) for key, value in page])
    took = time.monotonic() - started
    await producer.stop()
    return len(records) / took
