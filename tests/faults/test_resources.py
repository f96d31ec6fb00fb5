"""What a machine may run out of, or be slow with: memory, the log's disk, the disk's speed, room in the outbox."""

import os
import resource
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import SIGQUIT
from typing import Any

import asyncpg
import psutil
import pytest

from shared.db.engine import connect
from shared.events.strict_json import MAX_BYTES
from shared.log_events import LogEvent
from tests.support.faults import Plant
from tests.support.plant_parts import until_quiet

pytestmark = pytest.mark.slow

_MB = 1024 * 1024
_BLOATING = 10_000


def _limit(pid: int, what: int, most: int) -> None:
    """Set what a running process may use; only the soft limit, so that it can be lifted again."""
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, hard))


def _limit_files(process: psutil.Process, most: int) -> None:
    """Set how large a file of the server may grow, as the user and group that it runs as: nobody else may."""
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_owner = {"user": process.uids().real, "group": process.gids().real, "extra_groups": []}
    subprocess.run(["prlimit", f"--pid={process.pid}", f"--fsize={most}:"], check=True, **as_owner)


async def test_a_service_without_memory_blames_no_event_and_goes_on(plant: Plant) -> None:
    """F10: a batch of the largest events meets a process that gets no more memory; it may die of it."""
    await plant.settle()
    child = plant.stack.processes["billing", 1].child
    _limit(child.pid, resource.RLIMIT_AS, psutil.Process(child.pid).memory_info().vms + 4 * _MB)
    filling = "x" * (MAX_BYTES - 10_000)
    await plant.say_many([plant.charge("U01", 100 + number, note=filling) for number in range(60)])

    async def starved() -> str:
        said = any(line.get("error.type") == "MemoryError" for line in plant.lines()["billing"])
        return "" if said or not child.running else "it has memory"

    await until_quiet(starved, 60)
    with suppress(ProcessLookupError):
        _limit(child.pid, resource.RLIMIT_AS, resource.RLIM_INFINITY)
    day = await plant.end_day()

    async def closed() -> str:
        """It may die of it a moment later, too; whoever watches it starts it again."""
        if not plant.stack.processes["billing", 1].child.running:
            await plant.start("billing")
        return "" if await plant.last_closed("notify") == day else f"{day} is open"

    await until_quiet(closed, 90)
    await plant.prove(90, excuses=[LogEvent.WATCHDOG_EXIT])  # of the part that got no memory
    assert not plant.said("billing", "dead_letter", plant.began["billing"])


async def test_an_older_release_over_a_newer_schema_refuses_to_start(plant: Plant) -> None:
    """F18: it says so and ends before it reads; the release that knows the schema goes on."""
    await plant.settle()
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(12))
    places = "select topic, partition_no, next_offset, epoch from msg.position order by 1, 2"
    before = await plant.rows("billing", places)
    known = await plant.value("billing", "select version_num from msg.schema_version")
    await plant.value("billing", "update msg.schema_version set version_num = '9999'")
    try:
        plant.spawn("billing")
        assert await plant.until_dead("billing") == 75
        assert await plant.rows("billing", places) == before
    finally:
        await plant.value("billing", "update msg.schema_version set version_num = $1", known)
    await plant.start("billing")
    await plant.prove(leaves=["billing:schema_mismatch"])


async def test_a_log_without_room_stops_the_server_and_loses_nothing(plant: Plant) -> None:
    """F55: no piece of the write-ahead log grows past four megabytes: PANIC, as on a full disk, then room again."""
    written = plant.postgres.log.stat().st_size
    async with plant.load():
        await plant.until_moving("billing")
        server = psutil.Process(plant.postgres.process.pid)
        _limit_files(server, 4 * _MB)  # those it starts from now on have it, too
        for process in server.children():
            with suppress(psutil.NoSuchProcess, subprocess.CalledProcessError):  # a session that ended meanwhile
                _limit_files(process, 4 * _MB)
        try:
            await _fill_the_log(plant)
            await until_quiet(lambda: _panicked(plant.postgres.log, written), 60)
        finally:
            await _start_anew(plant)
        await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90, leaves=["billing:retrying"])
    assert not plant.said("billing", "dead_letter", plant.began["billing"])


async def _fill_the_log(plant: Plant) -> None:
    """Have the server write the piece of its log that it is at to its end."""
    with suppress(asyncpg.PostgresError, OSError):  # the load may have filled it before us
        admin = await connect(plant.postgres.admin_url, application_name="fault-test")
        await admin.execute("select pg_switch_wal()")


async def _panicked(log: Path, since: int) -> str:
    with log.open() as lines:
        lines.seek(since)
        return "" if "PANIC:" in lines.read() else "the server has room"


async def _start_anew(plant: Plant) -> None:
    plant.postgres.process.send(SIGQUIT)
    await plant.postgres.process.wait(30)
    await plant.postgres.start()


@asynccontextmanager
async def _slow_disk(plant: Plant) -> AsyncIterator[None]:
    """Let each flush of the write-ahead log wait a tenth of a second: as much as PostgreSQL's own brake gives."""
    usual = plant.postgres.settings
    plant.postgres.settings = {**usual, "fsync": "on", "commit_delay": "100000", "commit_siblings": "0"}
    await _start_anew(plant)
    try:
        yield
    finally:
        plant.postgres.settings = usual
        await _start_anew(plant)


async def test_a_slow_disk_costs_time_only(plant: Plant) -> None:
    """F57: nothing is tried again, nobody is blamed, the day closes."""
    await plant.settle()
    before = await _seconds_to_commit(plant)
    async with _slow_disk(plant):
        await plant.close_day(seconds=90)  # everybody is connected again
        assert await _seconds_to_commit(plant) > 5 * before, "the disk is not slow"
        since = plant.mark("billing")
        await plant.say_many(plant.mixture(60))
        await plant.close_day(seconds=90)
        assert not plant.said("billing", "retrying", since)
        assert not plant.said("billing", "dead_letter", since)
    await plant.prove(90)


async def _seconds_to_commit(plant: Plant) -> float:
    """Return the best of five transactions that leave nothing but a word in the log."""
    took = []
    async with plant.database("billing") as connection:
        for _ in range(5):
            started = time.monotonic()
            await connection.execute("select pg_logical_emit_message(true, 'test', 'x')")
            took.append(time.monotonic() - started)
    return min(took)


async def test_a_long_reading_transaction_does_not_slow_the_relay(plant: Plant) -> None:
    """F65: nothing that the relay has forgotten can be cleared away meanwhile; a page is found as quickly as before."""
    await plant.settle()
    before = await _seconds_to_relay(plant)
    async with plant.database("billing") as connection:
        await connection.execute("set idle_in_transaction_session_timeout = 0")
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("select count(*) from msg.outbox_pending")
            relayed = await plant.value("billing", "select max(seq) from msg.event_log")
            await plant.say_many(plant.mixture(_BLOATING // 2))
            await plant.settle(180)
            grown = await plant.value("billing", "select max(seq) from msg.event_log") - relayed
            assert grown >= _BLOATING, f"{grown} events are no bloat"
            bloated = await _seconds_to_relay(plant)
    assert bloated < 5 * before, f"{before:.2f} s before, {bloated:.2f} s with {grown} dead rows"
    await plant.prove(90)


async def _seconds_to_relay(plant: Plant) -> float:
    """Return the best of five payments' ways from Kafka through billing's outbox back to Kafka."""
    ways = []
    for _ in range(5):
        last = await plant.value("billing", "select max(seq) from msg.event_log")
        started = time.monotonic()
        await plant.say([plant.payment("U01", 100)])

        async def relayed(last: int = last) -> str:
            done = "select max(seq) > $1 and not exists (select from msg.outbox_pending) from msg.event_log"
            return "" if await plant.value("billing", done, last) else "it is not relayed"

        await until_quiet(relayed, 30)
        ways.append(time.monotonic() - started)
    return min(ways)
