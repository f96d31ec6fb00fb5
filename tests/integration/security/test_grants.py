"""What each role may really do in a service's database: one table, compared with what the server would let it do."""

from collections import defaultdict
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.db import msg, msg_people, roles
from shared.embedded.stack import PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.support.servers import Databases

Database = tuple[str, asyncpg.Connection]

READ_AND_ADD, KEPT = "select, insert", "select, insert, update"
OWN = {
    "owners": {
        READ_AND_ADD: "changes contact_statements erasures lines",
        KEPT: "contacts share_versions units",
    },
    "billing": {
        READ_AND_ADD: (
            "annual_funds annual_statements"
            " causes charges collection_notices collection_releases collection_skips collections credits dispute_ends"
            " disputes entries fee_letters fee_notices fee_relief_ends fee_reliefs float_terms fund_spendings"
            " interruption_withdrawals interruptions lines mandate_ends mandates matches payment_refs release_policies"
            " reversals schedules share_notices"
            " statement_checks statement_releases statement_restrikes statement_runs statement_samples statements"
            " struck_statements tracked_costs write_offs"
        ),
        KEPT: "share_versions units",
        "select, insert, update, delete": "charge_parts",
        "select, insert, update (account_id)": "payments",
        "select, insert, update (issued_on)": "annual_requests",
        "select, insert, update (closed_on), update (items_said), update (open_since)": "accounts",
    },
    "arrears": {
        READ_AND_ADD: "decisions notice_changes plan_changes",
        KEPT: "accounts charge_kinds collections holds notices payments plans unit_lines",
    },
    "notify": {
        READ_AND_ADD: "content_reads disputes plan_changes receipts",
        KEPT: "accounts contacts contents holds letters messages notices open_items ownerships units",
    },
}
_DECISION = ("status", "decided_by", "decided_at", "decision_note", "book")
PEOPLE = {"proposal": {"select", "insert", *(f"update ({column})" for column in _DECISION)}}
AND = {
    "owners": {"owners.blank_contact": {"execute"}, "owners.blank_forwarding": {"execute"}},
    "billing": {},
    "arrears": {},
    "notify": {},
}
"""What else than tables: functions that may do more than their caller."""
EVERYBODY = [role for service in LINE_OF_SERVICES for role in (*roles.roles_of(service), roles.reader_of(service))]
_OURS = "space.nspname !~ '^pg_' and space.nspname <> 'information_schema'"
# What a role may really do: its own grants, those of PUBLIC, of roles it is in, and what it owns.
_MAY = f"""
with class as (
  select class.oid, relkind, space.nspname || '.' || relname as name
  from pg_class as class join pg_namespace as space on space.oid = relnamespace where {_OURS}
), on_table (may) as (values ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger'))
select name, may from class, on_table
  where relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege($1, class.oid, may)
union all
select name, may || ' (' || attname || ')' from class join pg_attribute on attrelid = class.oid, on_table
  where relkind in ('r', 'p', 'v', 'm', 'f') and attnum > 0 and not attisdropped
  and may in ('select', 'insert', 'update', 'references') and not has_table_privilege($1, class.oid, may)
  and has_column_privilege($1, class.oid, attnum, may)
union all
select name, may from class, (values ('usage'), ('select'), ('update')) as on_sequence (may)
  where relkind = 'S' and has_sequence_privilege($1, class.oid, may)
union all
select space.nspname || '.' || proname, 'execute' from pg_proc join pg_namespace as space on space.oid = pronamespace
  where {_OURS} and prorettype <> 'trigger'::regtype and has_function_privilege($1, pg_proc.oid, 'execute')
union all
select space.nspname, 'create' from pg_namespace as space
  where {_OURS} and has_schema_privilege($1, space.oid, 'create')
"""
_MORE = """
select rolname from pg_roles where rolname = any($1) and (
  rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls
  or exists (select from pg_auth_members where member = pg_roles.oid))
"""


async def _may(connection: asyncpg.Connection, role: str) -> dict[str, set[str]]:
    """Return what a role may do with each thing in the database."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in await connection.fetch(_MAY, role):
        found[row["name"]].add(row["may"])
    return found


@pytest.fixture(params=LINE_OF_SERVICES)
async def database(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Database]:
    """Open each service's database in turn, as the owner of its tables."""
    connection = await asyncpg.connect((await databases(request.param)).owner_url)
    yield request.param, connection
    await connection.close()


async def test_a_service_may_do_what_is_declared_and_nothing_else(database: Database) -> None:
    service, connection = database
    assert await _may(connection, f"{service}_app") == declared(service)
    assert set(PEOPLE) == {table.name for table in msg_people.GRANTS}


async def test_nobody_else_may_do_anything_and_who_reads_may_read(database: Database) -> None:
    service, connection = database
    found = {role: await _may(connection, role) for role in EVERYBODY}
    read = found.pop(roles.reader_of(service))
    assert all(found.pop(role) for role in roles.roles_of(service))
    assert {role: may for role, may in found.items() if may} == {}
    assert {kind.partition(" ")[0] for may in read.values() for kind in may} == {"select"}


async def test_no_role_is_in_another_nor_has_a_right_over_the_server(postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.admin_url)
    there = await connection.fetchval("select count(*) from pg_roles where rolname = any($1)", EVERYBODY)
    more = await connection.fetch(_MORE, EVERYBODY)
    reach = await connection.fetch(
        "select role, datname from unnest($1::text[]) as role, pg_database"
        " where datname = any($2) and has_database_privilege(role, datname, 'connect')",
        EVERYBODY, [*LINE_OF_SERVICES, "postgres"],
    )  # fmt: skip
    await connection.close()
    assert (there, more) == (len(EVERYBODY), [])
    assert {tuple(row) for row in reach} == {(role, role.partition("_")[0]) for role in EVERYBODY}


def declared(service: str) -> dict[str, set[str]]:
    """Return the whole matrix of a service: its own tables and the bus's, numbers of events, and functions."""
    own = {f"{service}.{name}": set(may.split(", ")) for may, names in OWN[service].items() for name in names.split()}
    bus = {table.name: set(may.split(", ")) for table, may in msg.GRANTS.items()}
    more = {"schema_version": {"select"}, "event_log_seq_seq": {"usage"}}
    return own | {f"msg.{name}": may for name, may in (bus | PEOPLE | more).items()} | AND[service]
