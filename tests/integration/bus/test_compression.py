"""What a broker lets in packed must be readable here: one batch that is not would stop its partition for good."""

import pytest
from aiokafka import AIOKafkaProducer

from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_compression_of_kafka_is_read(billing: Bench, codec: str) -> None:
    """F38: the sender's choice; 20 records a batch, for a batch that does not shrink is sent as it is."""
    await _send_packed(billing, codec)
    async with billing.running():
        await eventually(lambda: _seen(billing, 20))


async def _send_packed(billing: Bench, codec: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=billing.kafka.bootstrap, compression_type=codec)
    await producer.start()
    try:
        batch = producer.create_batch()
        for number in range(20):
            assert batch.append(key=None, value=charge(number), timestamp=None) is not None
        plain = batch.size()
        topic = billing.kafka.prefix + CHARGES
        await (await producer.send_batch(batch, topic, partition=0))
        assert batch.size() < plain / 2, "the batch went out as it was"
    finally:
        await producer.stop()


async def _seen(billing: Bench, count: int) -> bool:
    return await billing.count("public.seen") == count
