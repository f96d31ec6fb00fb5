"""A Kafka client whose part in its group has ended is replaced: aiokafka goes on raising, FastStream goes on asking."""

from typing import Any

import pytest
from aiokafka.errors import KafkaError

from shared.bus.service import Running
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually


async def test_a_client_that_left_its_group_is_replaced_and_nothing_is_read_twice(
    billing: Bench, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F22: a heartbeat answered with what aiokafka does not expect, as by a coordinator that still loads its groups."""
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _seen(billing, 1))
        client = running.consumer._kafka
        monkeypatch.setattr(client._coordinator, "_do_heartbeat", _unexpected)
        await eventually(lambda: _replaced(running, client))
        await billing.kafka.send(CHARGES, charge(2), partition=0)
        await eventually(lambda: _seen(billing, 2))
    assert [line["event.name"] for line in lines].count("consumer_recreated") == 1
    assert await billing.count("msg.inbox") == 2
    assert await billing.sql.fetchval("select sum(n_dup)::int from msg.batch_log") == 0


async def _unexpected() -> bool:
    raise KafkaError("the group is being loaded")


async def _replaced(running: Running, before: object) -> bool:
    return running.consumer.started and running.consumer._kafka is not before


async def _seen(billing: Bench, count: int) -> bool:
    return await billing.count("public.seen") == count
