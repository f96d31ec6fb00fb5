"""A place in a log that is not what it was: records deleted unread, a log that ends before us, no position at all."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from shared.bus.service import Running
from shared.log_events import LogEvent
from tests.integration.bus.conftest import Bench
from tests.support.bus import cloud_event, eventually

_TOPIC = "housing.charge-raised"


async def _charge(billing: Bench, number: int) -> None:
    data = {"charge_id": f"C{number}", "kind": "repair", "unit_id": "U1", "amount_pence": 100, "description": "x",
            "raised_on": "2026-01-05"}  # fmt: skip
    await billing.kafka.send(_TOPIC, cloud_event(_TOPIC, data, f"charge-{number}"), partition=0)


async def _read(billing: Bench, count: int) -> None:
    """Let the service read so many charges, then stop it."""
    for number in range(count):
        await _charge(billing, number)
    async with billing.running():
        await eventually(lambda: _seen(billing, count))


async def _seen(billing: Bench, count: int) -> bool:
    return await billing.count("public.seen") == count


async def _stopped(running: Running, reason: LogEvent) -> bool:
    state = running.pump.lanes.get((_TOPIC, 0))
    return state is not None and state.stopped is reason


async def test_records_deleted_before_they_were_read_stop_the_lane(billing: Bench) -> None:
    await _read(billing, 2)
    for number in range(2, 6):
        await _charge(billing, number)
    await _delete_before(billing, 4)
    async with billing.running() as running:
        await eventually(lambda: _stopped(running, LogEvent.UNREAD_DATA_EXPIRED))
    assert await billing.count("public.seen") == 2


async def _delete_before(billing: Bench, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=billing.kafka.bootstrap)
    await admin.start()
    try:
        lane = TopicPartition(billing.kafka.prefix + _TOPIC, 0)
        await admin.delete_records({lane: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def test_a_log_that_ends_before_our_position_stops_the_lane(billing: Bench) -> None:
    await _read(billing, 3)
    await billing.sql.execute("update msg.position set next_offset = 50 where topic = $1 and partition_no = 0", _TOPIC)
    await _charge(billing, 3)
    async with billing.running() as running:
        await eventually(lambda: _stopped(running, LogEvent.POSITION_ABOVE_LOG_END))
    assert await billing.count("public.seen") == 3


async def test_a_lane_without_a_position_is_not_read(billing: Bench, lines: list[dict[str, Any]]) -> None:
    await _read(billing, 2)
    await billing.sql.execute("delete from msg.position where topic = $1 and partition_no = 0", _TOPIC)
    await _charge(billing, 2)

    async def paged() -> bool:
        return any(line["event.name"] == "position_missing" for line in lines)

    async with billing.running():
        await eventually(paged)
    assert await billing.count("public.seen") == 2
