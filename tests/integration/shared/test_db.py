"""The database floor on a real PostgreSQL."""

from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import copy_rows, driver, migrate, msg, msg_people, roles, schema_version, session_factory
from shared.db.engine import connect
from shared.events.topics import heard_by
from tests.integration.shared.conftest import Server


async def test_a_write_through_the_driver_belongs_to_the_sessions_transaction(engine: AsyncEngine) -> None:
    sessions = session_factory(engine)
    async with sessions() as session:
        await copy_rows(session, "msg.outbox_pending", ["seq"], [(1,), (2,)])
        await session.rollback()
    async with sessions.begin() as session:
        assert (await session.execute(select(msg.outbox_pending.c.seq))).all() == []
        await (await driver(session)).execute("insert into msg.outbox_pending (seq) values (3)")
    async with sessions() as session:
        assert (await session.execute(select(msg.outbox_pending.c.seq))).scalars().all() == [3]


async def test_a_connection_left_in_a_transaction_nobody_knows_is_not_lent_again(engine: AsyncEngine) -> None:
    """As after a BEGIN that was cancelled while its answer was on the way: what follows would never be committed."""
    sessions = session_factory(engine)
    async with sessions() as session:
        pooled = await (await session.connection()).get_raw_connection()
        left = pooled.driver_connection
        assert left is not None
        await left.execute("begin")
    async with sessions.begin() as session:
        connection = await driver(session)
        assert connection is not left
        await connection.execute("insert into msg.outbox_pending (seq) values (1)")
    async with engine.connect() as another:
        assert (await another.exec_driver_sql("select count(*) from msg.outbox_pending")).scalar_one() == 1
    assert left.is_closed()


async def test_connections_carry_the_time_limits(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for name, value in {
            "statement_timeout": "8s",
            "lock_timeout": "3s",
            "idle_in_transaction_session_timeout": "10s",
            "search_path": "pg_catalog",
            "TimeZone": "UTC",
        }.items():
            assert (await connection.exec_driver_sql(f"show {name}")).scalar_one() == value


async def test_declared_tables_and_migrated_tables_agree(server: Server) -> None:
    assert await migrate.differences(server.urls["billing_owner"], msg.metadata) == []
    assert await schema_version.found(server.urls["billing_owner"], "billing") == "0001"
    assert schema_version.needed("billing", versions=server.versions) == "0001"


async def test_migrating_again_and_bootstrapping_again_change_nothing(server: Server) -> None:
    url = server.urls["owners_owner"]
    await migrate.upgrade(url, "owners", versions=server.versions)
    connection = await connect(url, application_name="tests")
    await connection.execute("update msg.position set next_offset = 7 where topic = 'calendar.day-ended'")
    assert await migrate.bootstrap_positions(url, "owners", 3) == 0
    rows = await connection.fetch("select topic, partition_no, next_offset from msg.position")
    await connection.close()
    assert {row["topic"] for row in rows} == {channel.topic for channel in heard_by("owners")}
    assert [row["next_offset"] for row in rows if row["topic"] == "calendar.day-ended"] == [7]
    assert len(rows) == sum(1 if channel.single else 3 for channel in heard_by("owners"))


async def test_a_migration_can_be_taken_back(server: Server) -> None:
    url = server.urls["owners_owner"]
    await migrate.downgrade(url, "owners", "base", versions=server.versions)
    assert await schema_version.found(url, "owners") is None
    await migrate.upgrade(url, "owners", versions=server.versions)
    await migrate.bootstrap_positions(url, "owners", 3)


@pytest.mark.parametrize("role", ["owners_app", "owners_owner"])
@pytest.mark.parametrize("database", ["billing", "postgres"])
async def test_a_role_reaches_its_own_database_only(
    server: Server, passwords: dict[str, str], role: str, database: str
) -> None:
    url = roles.url_for(server.admin, role, passwords[role], database)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect(url, application_name="tests")


@pytest.mark.parametrize(
    "statement",
    [
        "update msg.event_log set pence = 1",
        "delete from msg.event_log",
        "truncate msg.event_log",
        "delete from msg.batch_log",
        "update msg.audit set who = 'me'",
        "delete from msg.inbox",
        "insert into msg.position (topic, partition_no, next_offset) values ('x', 0, 0)",
        "create table msg.mine (id int)",
        "create table public.mine (id int)",
    ],
)
async def test_the_services_role_may_not(engine: AsyncEngine, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(statement)
    assert getattr(caught.value.orig, "sqlstate", None) == "42501"


async def test_every_grant_is_the_declared_one(server: Server) -> None:
    connection = await connect(server.urls["billing_owner"], application_name="tests")
    rows = await connection.fetch(
        "select table_name, lower(privilege_type) as right from information_schema.table_privileges"
        " where grantee = 'billing_app' and table_schema = 'msg'"
    )
    await connection.close()
    actual: dict[str, set[str]] = {}
    for row in rows:
        actual.setdefault(row["table_name"], set()).add(row["right"])
    declared = {table.name: set(rights.split(", ")) for table, rights in msg.GRANTS.items()}
    declared |= {"proposal": {"select", "insert"}}  # and update of the decision's columns alone
    assert actual == declared | {"schema_version": {"select"}}
    assert {*msg.GRANTS, *msg_people.GRANTS} == set(msg.metadata.tables.values())


async def test_a_batch_that_does_not_add_up_is_refused(engine: AsyncEngine) -> None:
    values = {"n_done": 1, "n_dup": 0, "n_held": 0, "n_dead": 0, "n_gap": 0, "epoch": 1, "took_ms": 1}
    statement = msg.batch_log.insert().values(topic="t", partition_no=0, from_offset=0, to_offset=2, **values)
    with pytest.raises(DBAPIError, match="ck_batch_log_accounted"):
        async with engine.begin() as connection:
            await connection.execute(statement)


def test_the_committed_script_is_the_generated_one() -> None:
    assert Path("deploy/postgres/init.sql").read_text() == roles.script()
