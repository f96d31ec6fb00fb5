"""PostgreSQL that is there and cannot serve: no room, no connection, no right, no lock (reliability.md c4)."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.db.engine import connect, database_of
from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import Plant
from tests.support.plant_parts import until_quiet

Outage = Callable[[Plant], AbstractAsyncContextManager[None]]


async def _as_admin(plant: Plant, *statements: str) -> None:
    """Run statements as the superuser, then end billing's sessions: its next ones meet the new state."""
    billing = database_of(plant.stack.urls["billing"].app_url)
    admin = await connect(plant.postgres.admin_url, application_name="fault-test")
    try:
        for statement in statements:
            await admin.execute(statement)
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = $1 and usename = $2",
            billing,
            _role(plant),
        )
    finally:
        await admin.close()


def _role(plant: Plant) -> str:
    return urlsplit(plant.stack.urls["billing"].app_url).username or ""


@asynccontextmanager
async def no_connection_left(plant: Plant) -> AsyncIterator[None]:
    """F58: the server has no connection for billing (53300)."""
    await _as_admin(plant, f'alter role "{_role(plant)}" connection limit 0')
    try:
        yield
    finally:
        await _as_admin(plant, f'alter role "{_role(plant)}" connection limit -1')


@asynccontextmanager
async def read_only(plant: Plant) -> AsyncIterator[None]:
    """F59: billing reaches a server that only answers questions (25006)."""
    name = database_of(plant.stack.urls["billing"].app_url)
    await _as_admin(plant, f'alter database "{name}" set default_transaction_read_only = on')
    try:
        yield
    finally:
        await _as_admin(plant, f'alter database "{name}" reset default_transaction_read_only')


@asynccontextmanager
async def another_password(plant: Plant) -> AsyncIterator[None]:
    """F78: the role's password was changed before billing was told (28P01), and is changed back."""
    word = urlsplit(plant.stack.urls["billing"].app_url).password
    await _as_admin(plant, f"alter role \"{_role(plant)}\" password 'another'")
    try:
        yield
    finally:
        await _as_admin(plant, f"alter role \"{_role(plant)}\" password '{word}'")


@asynccontextmanager
async def a_table_locked(plant: Plant) -> AsyncIterator[None]:
    """F53, F60: somebody holds the ledger (an open session, a migration): the lock's time limit, again and again."""
    async with plant.database("billing") as connection:
        await connection.execute("set idle_in_transaction_session_timeout = 0")
        async with connection.transaction():
            await connection.execute("lock table billing.entries in access exclusive mode")
            yield


@asynccontextmanager
async def a_full_disk(plant: Plant) -> AsyncIterator[None]:
    """F54: a table that has to grow and cannot: its file is the device that is always full (53100)."""
    path = await plant.value("billing", "select pg_relation_filepath('billing.reversals')")
    file = plant.postgres.directory / "data" / Path(path)
    kept = file.with_name(f"{file.name}.kept")
    assert file.stat().st_size == 0, "a table that has pages would have to read them"
    file.rename(kept)
    file.symlink_to("/dev/full")
    await _as_admin(plant)
    try:
        yield
    finally:
        kept.replace(file)
        await _as_admin(plant)


@pytest.mark.slow
# The full disk comes first: it needs a table to which no other test of this plant has written.
@pytest.mark.parametrize("outage", [a_full_disk, another_password, no_connection_left, read_only, a_table_locked])
async def test_a_database_that_cannot_serve_is_waited_for_and_no_event_is_blamed(plant: Plant, outage: Outage) -> None:
    pids = [plant.stack.processes[service, 1].child.pid for service in LINE_OF_SERVICES]
    payment = plant.payment("U01", 77_00)
    await plant.say([payment])
    await plant.settle()
    since = plant.mark("billing")
    async with outage(plant):
        await plant.say_many(plant.mixture(30))
        await plant.say([_reversal(plant, payment[2]["payment_id"])])
        await until_quiet(lambda: _tried(plant, since, 5), 60)
    await plant.close_day(seconds=90)
    await plant.prove(90, leaves=["billing:retrying"])
    assert not plant.said("billing", "dead_letter", since)
    assert [plant.stack.processes[service, 1].child.pid for service in LINE_OF_SERVICES] == pids
    assert all(plant.stack.processes[service, 1].child.running for service in LINE_OF_SERVICES)
    reversed_ = "select exists (select from billing.reversals where payment_id = $1)"
    assert await plant.value("billing", reversed_, payment[2]["payment_id"])


async def _tried(plant: Plant, since: int, times: int) -> str:
    """Return that a batch has not been tried so often yet: more often than a failure that nobody expected.

    Tries to claim a lane are not numbered: the line says how often it would have stood there.
    """
    lines = plant.said("billing", "retrying", since)
    tries = max((max(line.get("app.attempt", 0), line.get("app.repeats", 0)) for line in lines), default=0)
    return "" if tries >= times else f"{tries} tries"


async def _start_anew(plant: Plant) -> None:
    """Let billing be a process that has said nothing yet: of lines that repeat, not all are written."""
    await plant.stack.stop_service("billing")
    await plant.start("billing")


def _reversal(plant: Plant, payment_id: str) -> tuple[str, str, dict[str, object]]:
    facts = {
        "reversal_id": plant.fresh("REV"), "payment_id": payment_id, "amount_pence": 77_00,
        "reversed_on": str(plant.today), "reason": "arudd-0",
    }  # fmt: skip
    return "payment-reversed", payment_id, facts


@pytest.mark.slow
async def test_a_relay_whose_session_is_ended_stands_again_and_keeps_the_order(plant: Plant) -> None:
    """F9: the session that holds the lock is gone; at most the page in hand is sent twice, the order is I8's."""
    await _start_anew(plant)
    since = plant.mark("billing")
    async with plant.load():
        await plant.until_moving("billing")
        await _as_admin(plant)

        async def elected() -> str:
            return "" if plant.said("billing", "relay_elected", since) else "nobody relays"

        await until_quiet(elected, 30)
    await plant.prove(leaves=["billing:publish_blocked"])


@pytest.mark.slow
async def test_a_service_ends_in_time_although_its_statement_hangs(plant: Plant) -> None:
    """F5, F15: the lock's time limit ends the statement, the transaction is rolled back, nothing is left open."""
    await _start_anew(plant)
    since = plant.mark("billing")
    async with a_table_locked(plant):
        await plant.say_many(plant.mixture(30))
        await until_quiet(lambda: _tried(plant, since, 1), 30)
        started = time.monotonic()
        assert await plant.stack.stop_service("billing") in {0, 70}
        assert time.monotonic() - started < 30
    await plant.start("billing")
    await plant.prove()
