"""Queries about units: the newest registration of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import asyncpg

from services.owners.domain.newest import Stamp, Told
from shared.events.base import Event
from shared.events.housing import UnitRegistered

_LOAD = "select unit_id, told_at, event_id, source, content::text from owners.units where unit_id = any($1)"
_KNOWN = "select unit_id from owners.units where unit_id = any($1)"
_STORE = """
insert into owners.units (unit_id, told_at, event_id, source, book, content)
select unit_id, told_at, event_id, source, $6, content::jsonb
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])
  as told(unit_id, told_at, event_id, source, content)
on conflict (unit_id) do update set told_at = excluded.told_at, event_id = excluded.event_id,
  source = excluded.source, book = excluded.book, content = excluded.content
"""
_OF_BLOCK = "select content::text from owners.units where content->>'block_id' = $1 order by unit_id"
_PAGE = "select unit_id from owners.units where unit_id > $1 order by unit_id limit $2"

Registrations = dict[str, Told[UnitRegistered]]
"""The newest registration of each unit."""


async def load_units(connection: asyncpg.Connection, unit_ids: Collection[str]) -> Registrations:
    """Return the newest registration of each of the units that is registered."""
    rows = await connection.fetch(_LOAD, list(unit_ids))
    return {row["unit_id"]: _told(row) for row in rows}


async def known_units(connection: asyncpg.Connection, unit_ids: Collection[str]) -> set[str]:
    """Return which of the units are registered."""
    return {row["unit_id"] for row in await connection.fetch(_KNOWN, list(unit_ids))}


async def store_units(connection: asyncpg.Connection, newest: Mapping[str, Event[UnitRegistered]], book: date) -> None:
    """Keep the newest registrations, learnt in ``book``, in place of older ones."""
    if not newest:
        return
    told = newest.values()
    await connection.execute(
        _STORE,
        list(newest),
        [one.time for one in told],
        [one.id for one in told],
        [one.source for one in told],
        [one.data.model_dump_json(exclude_none=True) for one in told],
        book,
    )


async def list_units(connection: asyncpg.Connection, after: str, limit: int) -> Sequence[str]:
    """Return the next ``limit`` unit ids after one, in order."""
    return [row["unit_id"] for row in await connection.fetch(_PAGE, after, limit)]


async def list_of_block(connection: asyncpg.Connection, block_id: str) -> list[UnitRegistered]:
    """Return the newest registration of each unit of a block, in order of unit_id."""
    rows = await connection.fetch(_OF_BLOCK, block_id)
    return [UnitRegistered.model_validate_json(row["content"]) for row in rows]


def _told(row: asyncpg.Record) -> Told[UnitRegistered]:
    stamp = Stamp(row["told_at"], row["event_id"], row["source"])
    return Told(stamp, UnitRegistered.model_validate_json(row["content"]))
