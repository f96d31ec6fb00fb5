"""What a rebuilt database takes over from the live one before it takes its place: what was read, said and done."""

import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any

import asyncpg

from shared.rebuild.likeness import Carried

RECORDS = (
    "position", "batch_log", "event_log", "outbox_pending", "dead_letter", "ended_day", "closed_day",
    "upstream_closed", "checked_totals", "accepted_difference", "relay_lease", "audit", "proposal",
)  # fmt: skip
"""Tables of the bus that are records of the world, not derived: the exact bytes that others have, and who decided."""

_PAGE = 1 << 20
_TIMES = "create temporary table inbox_times (event_uid uuid primary key, processed_at timestamptz not null)"
_KEEP_TIMES = """
update msg.inbox as seen set processed_at = times.processed_at
from inbox_times as times where times.event_uid = seen.event_uid
"""
_SEQUENCES = """
select format('%I.%I', n.nspname, c.relname) as relation, a.attname as name
from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
where a.attidentity <> '' and c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
"""


async def adopt(live: asyncpg.Connection, fresh: asyncpg.Connection, carried: tuple[Carried, ...]) -> None:
    """Copy records and what belongs to the world from ``live`` into ``fresh``, in one transaction of each."""
    async with live.transaction(isolation="repeatable_read", readonly=True), fresh.transaction():
        # Records are copied as they stand, sealed as they were: nothing is written anew.
        await fresh.execute("set local session_replication_role = replica")
        for name in RECORDS:
            await _copy_whole(live, fresh, f"msg.{name}")
        await fresh.execute(_TIMES)
        await _copy(live, fresh, "select event_uid, processed_at from msg.inbox", "inbox_times")
        await fresh.execute(_KEEP_TIMES)
        for one in carried:
            await (_copy_columns(live, fresh, one) if one.columns else _copy_whole(live, fresh, one.table))
        await _count_on(fresh)


async def _copy_whole(live: asyncpg.Connection, fresh: asyncpg.Connection, table: str) -> None:
    await fresh.execute(f"delete from {table}")  # noqa: S608 - names of the code
    await _copy(live, fresh, f"select * from {table}", table)  # noqa: S608 - names of the code


async def _copy_columns(live: asyncpg.Connection, fresh: asyncpg.Connection, carried: Carried) -> None:
    """Take columns over, row by row of the same key."""
    columns = ", ".join((carried.key, *carried.columns))
    query = f"select {columns} from {carried.table} where {carried.where}"  # noqa: S608 - names of the code
    await fresh.execute(f"create temporary table carried as {query} with no data")
    await _copy(live, fresh, query, "carried")
    sets = ", ".join(f"{column} = carried.{column}" for column in carried.columns)
    same = f"carried.{carried.key} = it.{carried.key}"
    await fresh.execute(f"update {carried.table} as it set {sets} from carried where {same}")  # noqa: S608 - as above
    await fresh.execute("drop table carried")


async def _copy(live: asyncpg.Connection, fresh: asyncpg.Connection, query: str, table: str) -> None:
    """Copy a query's rows, byte for byte, through a file."""
    schema, _, name = table.rpartition(".")
    with tempfile.TemporaryFile() as file:
        await live.copy_from_query(query, output=file, format="binary")
        file.seek(0)
        await fresh.copy_to_table(name, schema_name=schema or None, source=_pages(file), format="binary")


async def _pages(file: IO[bytes]) -> AsyncIterator[bytes]:
    while page := file.read(_PAGE):
        yield page


async def _count_on(fresh: asyncpg.Connection) -> None:
    """Let every identity go on behind the rows that came."""
    for row in await fresh.fetch(_SEQUENCES):
        highest: Any = await fresh.fetchval(f"select max({row['name']}) from {row['relation']}")  # noqa: S608 - catalogue
        if highest is not None:
            await fresh.execute(
                "select setval(pg_get_serial_sequence($1, $2), $3)", row["relation"], row["name"], highest
            )
