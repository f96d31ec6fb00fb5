"""A day does not close over a log that is not the one that was read, nor over records that Kafka has deleted."""

from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from shared.bus.api import bench_of
from shared.bus.service import Running
from shared.events.topics import BY_TOPIC
from shared.log_events import LogEvent
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_days import DAY, closed_days, end_day, owners_closed
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually


async def _read(billing: Bench, count: int) -> None:
    """Let the service read so many charges, then stop it."""
    for number in range(count):
        await billing.kafka.send(CHARGES, charge(number), partition=0)
    async with billing.running():
        await eventually(lambda: billing.sql.fetchval("select count(*) = $1 from public.seen", count))


async def _end(billing: Bench, cut: int) -> None:
    """End the day with so many charges in the first partition."""
    await owners_closed(billing, DAY, 0, 0)
    await end_day(billing, DAY, after={CHARGES: [cut, 0, 0]})


async def _waits(running: Running, reason: str) -> bool:
    return running.day.waiting_for == f"{CHARGES} partition 0: {reason}"


async def _lane(running: Running) -> dict[str, Any]:
    """Return what the service says of the first partition of the charges."""
    status = await bench_of(running).status()
    return next(lane for lane in status["partitions"] if (lane["topic"], lane["partition"]) == (CHARGES, 0))


async def test_a_day_waits_for_a_topic_that_was_made_anew_and_ends_before_what_was_read(billing: Bench) -> None:
    await _read(billing, 3)
    await billing.kafka.forget([CHARGES])
    await billing.kafka.provide(BY_TOPIC[CHARGES])
    await billing.kafka.send(CHARGES, charge(9), partition=0)
    await _end(billing, 1)
    async with billing.running() as running:
        await eventually(lambda: _waits(running, "stopped, position_above_log_end"))
        assert (await _lane(running))["stopped"] == "position_above_log_end"
    assert await closed_days(billing) == []


async def test_a_day_waits_for_a_lane_whose_log_is_another_one_of_the_same_length(billing: Bench) -> None:
    await _read(billing, 2)
    await billing.sql.execute("update msg.position set last_sha = sha256('other') where topic = $1", CHARGES)
    await billing.kafka.send(CHARGES, charge(2), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _is_stopped(running, LogEvent.LOG_IDENTITY_MISMATCH))
        await _end(billing, 2)
        await eventually(lambda: _waits(running, "stopped, log_identity_mismatch"))
        assert (await _lane(running))["stopped"] == "log_identity_mismatch"
    assert await closed_days(billing) == []


async def test_a_day_waits_for_records_that_kafka_deleted_unread(billing: Bench) -> None:
    await _read(billing, 1)
    for number in (1, 2):
        await billing.kafka.send(CHARGES, charge(number), partition=0)
    await _delete_before(billing, 3)
    await _end(billing, 3)
    async with billing.running() as running:
        await eventually(lambda: _waits(running, "2 to read"))
        assert not await running.cuts.is_read((CHARGES, 0), 1, 3)
    assert await closed_days(billing) == []


async def _is_stopped(running: Running, why: LogEvent) -> bool:
    return running.pump.stops().get((CHARGES, 0)) is why


async def _delete_before(billing: Bench, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=billing.kafka.bootstrap)
    await admin.start()
    try:
        lane = TopicPartition(billing.kafka.prefix + CHARGES, 0)
        await admin.delete_records({lane: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
