"""Queries about ownership lines: every version as it was said."""

from collections.abc import Collection, Sequence
from datetime import date

import asyncpg

from shared.events.owners import OwnershipLineChanged
from shared.events.topics import OWNERS_LINE

_NEWEST = """
select distinct on (unit_id) body::text from owners.lines
where unit_id = any($1) and book <= $2 order by unit_id, version desc
"""
_ADD = """
insert into owners.lines (unit_id, version, book, body)
select unit_id, version, $4, body::jsonb from unnest($1::text[], $2::int[], $3::text[]) as said(unit_id, version, body)
"""
_UNSAID = """
select (select count(*) from owners.lines) - (select count(*) from msg.event_log where topic = $1)
"""
_GAPS = """
select unit_id from owners.lines group by unit_id having count(*) <> max(version) order by unit_id limit 1
"""


async def load_lines(
    connection: asyncpg.Connection, unit_ids: Collection[str], known_at: date = date.max
) -> dict[str, OwnershipLineChanged]:
    """Return the newest version of each unit's line that was said in a book up to ``known_at``."""
    rows = await connection.fetch(_NEWEST, list(unit_ids), known_at)
    lines = (OwnershipLineChanged.model_validate_json(row["body"]) for row in rows)
    return {line.unit_id: line for line in lines}


async def add_lines(connection: asyncpg.Connection, said: Sequence[OwnershipLineChanged], book: date) -> None:
    """Keep new versions of lines, said in ``book``."""
    if not said:
        return
    await connection.execute(
        _ADD,
        [one.unit_id for one in said],
        [one.version for one in said],
        [one.model_dump_json(by_alias=True, exclude_none=True) for one in said],
        book,
    )


async def find_version_gap(connection: asyncpg.Connection) -> str | None:
    """Return the first unit whose line's versions are not 1, 2, 3 …, or nothing."""
    gap: str | None = await connection.fetchval(_GAPS)
    return gap


async def count_unsaid(connection: asyncpg.Connection) -> int:
    """Return by how many the versions kept outnumber the versions said; 0 when all is well."""
    unsaid: int = await connection.fetchval(_UNSAID, OWNERS_LINE.topic)
    return unsaid
