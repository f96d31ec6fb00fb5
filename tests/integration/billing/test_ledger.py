"""The ledger's own guards: only added to, every cause balanced, no statement twice; and the schema as declared."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from services.billing.db import tables
from shared.db import migrate, msg, schema_version
from shared.db.engine import connect
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.support.servers import Databases

_POST = """
insert into billing.entries (cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book,
  fact_kind, fact_id, charge_id)
select $1, number, 'bank', null, pence, 0, '2026-01-01', '2026-01-01', 'charge', 'X', 'X'
from unnest($2::int[], $3::bigint[]) as posting(number, pence)
"""


@pytest.fixture
async def app(desk: Desk) -> AsyncIterator[asyncpg.Connection]:
    """The service's own role."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_payment("P1", 50, on="2026-01-05", unit_id="U1"))
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    connection = await connect(desk.urls.app_url, application_name="billing-tests")
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update billing.entries set amount_pence = 1",
        "delete from billing.entries",
        "truncate billing.entries",
        "update billing.charges set net_pence = 1",
        "delete from billing.credits",
        "delete from billing.lines",
        "update billing.payments set amount_pence = 1",
        "update billing.accounts set account_ref = 'F'",
        "delete from billing.statements",
        "delete from msg.event_log",
    ],
)
async def test_the_past_cannot_be_edited(app: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


async def test_not_even_the_owner_of_the_tables_edits_the_ledger(app: asyncpg.Connection, desk: Desk) -> None:
    owner = await connect(desk.urls.owner_url, application_name="billing-tests")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added to"):
        await owner.execute("update billing.entries set amount_pence = amount_pence")
    await owner.close()


async def test_a_cause_that_does_not_balance_is_refused(app: asyncpg.Connection) -> None:
    await app.execute(_POST, uuid4(), [0, 1], [5, -5])
    with pytest.raises(asyncpg.CheckViolationError, match="do not sum to zero"):
        await app.execute(_POST, uuid4(), [0, 1], [5, -4])


async def test_a_cause_posts_once(app: asyncpg.Connection) -> None:
    cause = uuid4()
    await app.execute(_POST, cause, [0, 1], [5, -5])
    with pytest.raises(asyncpg.UniqueViolationError):
        await app.execute(_POST, cause, [0, 1], [5, -5])


@pytest.mark.parametrize("pence", [[0, 0], [10**13, -(10**13)]])
async def test_amounts_are_something_and_in_range(app: asyncpg.Connection, pence: list[int]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await app.execute(_POST, uuid4(), [0, 1], pence)


async def test_the_migrations_make_the_tables_that_are_declared(databases: Databases) -> None:
    urls = await databases("billing")
    assert await migrate.differences(urls.owner_url, tables.metadata, msg.metadata) == []


async def test_the_first_migration_can_be_taken_back(databases: Databases) -> None:
    urls = await databases("billing")
    await migrate.downgrade(urls.owner_url, "billing", "base")
    await migrate.upgrade(urls.owner_url, "billing")
    assert await schema_version.found(urls.owner_url, "billing") == schema_version.needed("billing")
