"""Records that look odd on the wire and are good events: each between two others, each applied once."""

import time
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.bus.work import OPENING_BOOK
from shared.events.topics import BY_TOPIC
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_days import LINE, owners_event
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually

_YEAR_2200_MS = 7_258_118_400_000
ODD: list[dict[str, Any]] = [
    {"headers": [("x", b"\xff\xfe")]},
    {"headers": [("x", None)]},
    {"headers": [("", b"1"), ("", b"2")]},
    {"headers": [(f"h{number % 150}", b"v") for number in range(200)]},
    {"headers": [("reply_to", b"housing.payment-received"), ("correlation_id", b"forged")]},
    {"headers": [("content-type", b"text/plain")]},
    {"headers": [("content-type", b"application/avro")]},
    {"key": None},
    {"key": b"another unit"},
    {"key": b"\xff\xfe"},
    {"key": b"k" * 10_240},
    {"timestamp_ms": 1},
    {"timestamp_ms": _YEAR_2200_MS},
]


async def test_headers_keys_and_timestamps_neither_lose_an_event_nor_its_neighbours(billing: Bench) -> None:
    """FastStream's own parser would lose the batch, and a producer's clock would decide how long it is kept."""
    producer = AIOKafkaProducer(bootstrap_servers=billing.kafka.bootstrap)
    await producer.start()
    try:
        for number, how in enumerate(ODD):
            await producer.send_and_wait(billing.kafka.prefix + CHARGES, charge(2 * number), partition=0)
            odd = charge(2 * number + 1, pence=200)
            await producer.send_and_wait(billing.kafka.prefix + CHARGES, odd, partition=0, **how)
    finally:
        await producer.stop()
    async with billing.running():
        await eventually(lambda: _all_read(billing))
    assert await billing.seen() == [f"{CHARGES}:100", f"{CHARGES}:200"] * len(ODD)
    assert await billing.count("msg.dead_letter") == 0
    assert await billing.kafka.read_all("housing.payment-received") == []
    stamps = [record.timestamp_ms for record in await billing.kafka.read_all(CHARGES)]
    assert all(abs(stamp / 1000 - time.time()) < 3600 for stamp in stamps)


async def _all_read(bench: Bench) -> bool:
    reached = "select next_offset from msg.position where topic = $1 and partition_no = 0"
    return bool(await bench.sql.fetchval(reached, CHARGES) == 2 * len(ODD))


async def test_an_older_version_under_a_new_name_is_a_repeat(billing: Bench) -> None:
    """What another service of ours says again, whatever it says now, was said: the newest version stands."""
    async with billing.running():
        for number, version in enumerate((1, 2, 1, 2)):
            data = {"unit_id": "U1", "version": version, "line": []}
            said = owners_event(BY_TOPIC[LINE], data, event_id=f"e{number}", book=OPENING_BOOK, aggver=version)
            await billing.kafka.send(LINE, said, key=b"U1", partition=0)
        reached = "select next_offset = 4 from msg.position where topic = $1 and partition_no = 0"
        await eventually(lambda: billing.sql.fetchval(reached, LINE))
    assert await billing.count("public.seen") == 2
    assert await billing.count("msg.dead_letter") == 0
    assert await billing.sql.fetchval("select sum(n_dup) from msg.batch_log") == 2
