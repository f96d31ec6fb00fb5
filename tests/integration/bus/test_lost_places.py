"""A place in a log that is not what it was: records deleted unread, a log that ends before us, no position at all."""

import shlex
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from shared.bus.checking import Checking
from shared.bus.service import Running
from shared.db import migrate
from shared.log_events import LogEvent
from tests.architecture.source import ROOT
from tests.integration.bus.conftest import Bench
from tests.support.bus import cloud_event, eventually
from tests.support.kafka_tools import PARTITIONS
from tests.support.runbooks import commands

_TOPIC = "housing.charge-raised"
_EXPIRED = ROOT / "docs" / "runbooks" / "unread-data-expired.md"


def _charge_event(number: int) -> bytes:
    data = {"charge_id": f"C{number}", "kind": "repair", "unit_id": "U1", "amount_pence": 100, "description": "x",
            "raised_on": "2026-01-05"}  # fmt: skip
    return cloud_event(_TOPIC, data, f"charge-{number}")


async def _charge(billing: Bench, number: int) -> None:
    await billing.kafka.send(_TOPIC, _charge_event(number), partition=0)


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


async def test_the_runbook_leads_past_what_was_deleted_and_the_books_own_check_holds_again(billing: Bench) -> None:
    await _read(billing, 2)
    for number in range(2, 6):
        await _charge(billing, number)
    await _delete_before(billing, 4)
    [command] = [one for block in commands(_EXPIRED) for one in block if one.line.startswith("psql")]
    for _ in range(2):
        await billing.sql.execute(_filled(shlex.split(command.line)[-1], offset="4"))
    async with billing.running() as running:
        await eventually(lambda: _seen(billing, 4))
        found = await Checking(running).look()
    assert {check: detail for check, detail in found.items() if detail} == {}
    row = await billing.row("select from_offset, to_offset, n_gap from msg.batch_log where n_gap > 0")
    assert tuple(row) == (2, 4, 2)
    rows = await billing.sql.fetch("select who, approved_by, subject, detail from msg.audit")
    assert [tuple(row) for row in rows] == [("ann", "bob", f"{_TOPIC}/0", '{"to": 4, "from": 2}')]


def _filled(statement: str, **more: str) -> str:
    """Return the runbook's statement for this partition."""
    values = {"topic": _TOPIC, "partition": "0", "you": "ann", "second-person": "bob", **more}
    for name, value in values.items():
        statement = statement.replace(f"<{name}>", value)
    return statement


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


async def test_a_place_that_was_lost_is_not_made_anew_at_the_start_of_what_was_read(billing: Bench) -> None:
    await _read(billing, 2)
    await billing.sql.execute("delete from msg.position where topic = $1", _TOPIC)
    made = await migrate.bootstrap_positions(billing.urls.owner_url, "billing", PARTITIONS)
    assert made == PARTITIONS - 1, "what was never read starts at the start, as ever"
    assert await billing.count("msg.position", f"topic = '{_TOPIC}' and partition_no = 0") == 0


async def test_a_place_put_at_the_start_by_hand_stops_its_partition_alone(billing: Bench) -> None:
    await _read(billing, 2)
    await billing.sql.execute("update msg.position set next_offset = 0, last_sha = null where topic = $1", _TOPIC)
    async with billing.running() as running:
        await eventually(lambda: _stopped(running, LogEvent.QUARANTINE_TRIPPED))
        await billing.kafka.send(_TOPIC, _charge_event(9), partition=1)
        await eventually(lambda: _seen(billing, 3))
    reason = await billing.sql.fetchval("select quarantine_reason from msg.position where quarantined_at is not null")
    assert "pk_batch_log" in reason
