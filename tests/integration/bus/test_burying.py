"""Records whose letters are hard to write: each becomes one, and one that cannot stops its partition alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from shared.bus import letters
from shared.bus.api import bench_of
from shared.bus.letters import Taken
from shared.bus.service import Running
from shared.bus.work import Disposition, ReasonClass, Verdict, Work
from shared.db.engine import create_engine, driver, session_factory
from shared.db.rows import only_row
from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.events.topics import DAY_ENDED
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import cloud_event, eventually

NUL_NAME = ("a\0b", b"v")

_REFUSING = """
create function public.refuse() returns trigger language plpgsql as
  $$ begin raise exception using errcode = '22021'; end $$;
create trigger refuse before insert on msg.dead_letter for each row
  when (new.raw_value = 'no letter') execute function public.refuse();
"""


@pytest.mark.parametrize(
    "odd", [{"key": b"\0\0key"}, {"headers": [NUL_NAME]}, {"key": b"k" * 63 + b"\0"}, {"key": b"\xff\0"}], ids=str
)
async def test_a_zero_byte_in_a_key_or_a_headers_name_stops_nothing(billing: Bench, odd: dict[str, Any]) -> None:
    await billing.kafka.send(CHARGES, b"junk", partition=0, **odd)
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running():
        await eventually(lambda: billing.count("public.seen"))
    row = await billing.row("select raw_key, reason_code from msg.dead_letter")
    assert (row["raw_key"], row["reason_code"]) == (odd.get("key"), "not-json")
    [said] = await billing.sql.fetch("select msg_key from msg.event_log where topic = 'billing.event-rejected'")
    assert said["msg_key"] == odd.get("key", b"").decode(errors="replace").replace("\0", "\ufffd")[:64]


async def test_a_zero_byte_in_a_headers_name_is_kept_while_the_record_is_held(billing: Bench) -> None:
    async def judge(work: Work, event: Event[Any]) -> None:
        if event.data.charge_id == "C1":
            work.hold(event, "charge:C2")

    billing.recorder.behaviours[CHARGES] = judge
    await billing.kafka.send(CHARGES, charge(1), partition=0, headers=[NUL_NAME])
    await billing.kafka.send(CHARGES, charge(2), partition=0)
    async with billing.running():
        await eventually(lambda: billing.count("public.seen"))
    async with _connected(billing) as connection:
        row = await only_row(connection, "select * from msg.held")
    assert letters.record_of(row).headers == (NUL_NAME,)


async def test_a_field_named_by_the_sender_with_a_zero_byte_in_it_stops_no_day(billing: Bench) -> None:
    ended = {"day": "2026-01-05", "after": {"a\0": ["x"]}}
    await billing.kafka.send(DAY_ENDED.topic, cloud_event(DAY_ENDED.topic, ended, "day-1", source="calendar"))
    async with billing.running():
        await eventually(lambda: billing.count("msg.dead_letter"))
    assert await billing.sql.fetchval("select field from msg.dead_letter") == "after.a\ufffd.0"


async def test_a_letter_gives_its_record_back_whatever_its_names_and_its_producers_clock(billing: Bench) -> None:
    record = Record(CHARGES, 0, 0, b"k", b"junk", (NUL_NAME, ("", None), ("\ufffd", b"")), 2**62)
    verdict = Verdict(Disposition.DEAD, ReasonClass.UNDECODABLE, "not-json", "words")
    async with _connected(billing) as connection:
        await letters.bury(connection, [(Taken(record, decode(record)), verdict)], date(2026, 1, 5))
        row = await only_row(connection, "select * from msg.dead_letter")
    kept = letters.record_of(row)
    assert kept._replace(timestamp_ms=0) == record._replace(timestamp_ms=0)
    assert row["kafka_ts"] < datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


async def test_a_record_that_cannot_even_be_a_letter_stops_its_partition_alone_until_it_is_released(
    billing: Bench, lines: list[dict[str, Any]]
) -> None:
    await billing.sql.execute(_REFUSING)
    for value in (charge(1), b"no letter", charge(2)):
        await billing.kafka.send(CHARGES, value, partition=0)
    async with billing.running() as running:
        await eventually(lambda: _reason(running))
        await billing.kafka.send(CHARGES, charge(3), partition=1)
        await eventually(lambda: _seen_is(billing, 2))
        reason = await _reason(running)
        assert reason is not None
        assert reason.startswith("not even a dead letter could be written: CharacterNotInRepertoireError 22021")
        await billing.sql.execute("drop trigger refuse on msg.dead_letter")
        await bench_of(running).release(CHARGES, 0, "operator-1", "mended", None)
        await eventually(lambda: _seen_is(billing, 3))
    assert await billing.count("msg.dead_letter", "raw_value = 'no letter'") == 1
    [tripped] = [line for line in lines if line["event.name"] == "quarantine_tripped"]
    assert (tripped["messaging.destination.name"], tripped["messaging.kafka.offset"]) == (CHARGES, 1)


async def _reason(running: Running) -> str | None:
    """Return why a partition stands still, as the status page says it."""
    status = await bench_of(running).status()
    return next((lane["reason"] for lane in status["partitions"] if lane["quarantined"]), None)


async def _seen_is(billing: Bench, count: int) -> bool:
    return await billing.count("public.seen") == count


@asynccontextmanager
async def _connected(billing: Bench) -> AsyncIterator[asyncpg.Connection]:
    """Lend the service's own kind of connection, for it reads JSON as the service does."""
    engine = create_engine(billing.urls.app_url, application_name="tests")
    async with session_factory(engine).begin() as session:
        yield await driver(session)
    await engine.dispose()
