"""The behaviours of FastStream 0.7 that the adapter in shared/bus/consumer.py exists for (reliability R1-R6).

If an upgrade changes one of these, a test here fails and the adapter can be made simpler, or must be made stricter.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.bus.kafka_client import handed_over, wrapped
from shared.events.topics import CHARGE_RAISED
from tests.support.bus import eventually
from tests.support.kafka_tools import KafkaTools

TOPIC = CHARGE_RAISED.topic


@asynccontextmanager
async def a_broker(kafka: KafkaTools) -> AsyncIterator[KafkaBroker]:
    broker = KafkaBroker(kafka.bootstrap, logger=None, allow_auto_create_topics=False)
    await kafka.provide(CHARGE_RAISED)
    yield broker
    await asyncio.wait_for(broker.stop(), 15)


def _options(kafka: KafkaTools, policy: AckPolicy, **more: Any) -> dict[str, Any]:
    group = f"{kafka.prefix}group"
    return {"group_id": group, "ack_policy": policy, "auto_offset_reset": "earliest", "batch_timeout_ms": 20, **more}


async def test_r1_an_exception_under_manual_is_committed_past_by_the_next_ack(kafka: KafkaTools) -> None:
    seen: list[int] = []
    async with a_broker(kafka) as broker:
        subscriber = broker.subscriber(kafka.prefix + TOPIC, **_options(kafka, AckPolicy.MANUAL))

        async def handler(body: int, message: KafkaMessage) -> None:
            seen.append(body)
            if body == 3:
                raise ZeroDivisionError
            await message.ack()

        subscriber(handler)
        for number in range(1, 6):
            await kafka.send(
                TOPIC, json.dumps(number).encode(), partition=0, headers=[("content-type", b"application/json")]
            )
        await broker.start()
        await eventually(lambda: _has(seen, 5))
        committed = await eventually(lambda: kafka.committed(f"{kafka.prefix}group"))
    assert committed[TOPIC, 0] == 5


async def test_r2_r3_one_bad_header_loses_the_whole_batch_with_the_default_parser(kafka: KafkaTools) -> None:
    for value in (b"\xff", None):
        seen: list[Any] = []
        async with a_broker(kafka) as broker:
            options = _options(kafka, AckPolicy.MANUAL, batch=True, max_records=50)
            subscriber = broker.subscriber(kafka.prefix + TOPIC, **options)
            subscriber(_collect(seen))
            await kafka.send(TOPIC, b"1", partition=0)
            await kafka.send(TOPIC, b"2", partition=0, headers=[("h", value)])
            await broker.start()
            await asyncio.sleep(1.5)
            assert b"2" not in seen
            assert len(seen) < 2


async def test_r4_a_total_parser_and_an_identity_decoder_deliver_every_record(kafka: KafkaTools) -> None:
    seen: list[Any] = []
    async with a_broker(kafka) as broker:
        options = _options(kafka, AckPolicy.MANUAL, batch=True, max_records=50, parser=wrapped, decoder=handed_over)
        subscriber = broker.subscriber(kafka.prefix + TOPIC, no_reply=True, **options)

        async def handler(raw: Any) -> None:
            seen.extend(record.value for record in raw)
            assert subscriber.consumer is not None
            await subscriber.consumer.commit({TopicPartition(kafka.prefix + TOPIC, 0): raw[-1].offset + 1})

        subscriber(handler)
        for number, value in enumerate((b"\xff", None, b"fine")):
            await kafka.send(TOPIC, b"%d" % number, partition=0, headers=[("h", value)])
        await broker.start()
        await eventually(lambda: _has(seen, 3))
        committed = await eventually(lambda: kafka.committed(f"{kafka.prefix}group"))
    assert committed[TOPIC, 0] == 3


async def test_r5_nack_on_error_repeats_a_poison_record_without_pause(kafka: KafkaTools) -> None:
    tries: list[int] = []
    async with a_broker(kafka) as broker:
        subscriber = broker.subscriber(kafka.prefix + TOPIC, **_options(kafka, AckPolicy.NACK_ON_ERROR))

        async def handler(body: bytes) -> None:
            tries.append(1)
            raise ZeroDivisionError

        subscriber(handler)
        await kafka.send(TOPIC, b"poison", partition=0)
        await broker.start()
        await asyncio.sleep(1)
    assert len(tries) > 20


@pytest.mark.parametrize("no_reply", [False, True])
async def test_r6_a_reply_to_header_lets_the_sender_choose_a_topic_unless_no_reply(
    kafka: KafkaTools, no_reply: bool
) -> None:
    seen: list[bytes] = []
    async with a_broker(kafka) as broker:
        subscriber = broker.subscriber(kafka.prefix + TOPIC, no_reply=no_reply, **_options(kafka, AckPolicy.MANUAL))

        async def handler(body: bytes) -> bytes | None:
            seen.append(body)
            return b"answer" if body == b"ask" else None

        subscriber(handler)
        await kafka.send(TOPIC, b"ask", partition=0, headers=[("reply_to", (kafka.prefix + TOPIC).encode())])
        await broker.start()
        await eventually(lambda: _has(seen, 1 if no_reply else 2))
        ends = await kafka.end_offsets(TOPIC)
    assert sum(ends.values()) == (1 if no_reply else 2)


def _collect(seen: list[Any]) -> Any:
    async def handler(body: list[Any]) -> None:
        seen.extend(body)

    return handler


async def _has(seen: list[Any], number: int) -> bool:
    return len(seen) >= number
