"""Queries about share sets: the newest publication of each set and effective day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import asyncpg

from services.owners.domain.newest import Stamp, Told
from shared.events.base import Event
from shared.events.housing import SharesPublished

VersionKey = tuple[str, date]
"""A share set and the day a version of it is effective from."""

_LOAD = """
select share_set_id, effective_from, told_at, event_id, source, content::text
from owners.share_versions join unnest($1::text[], $2::date[]) as wanted(share_set_id, effective_from)
  using (share_set_id, effective_from)
"""
_STORE = """
insert into owners.share_versions
  (share_set_id, effective_from, told_at, event_id, source, book, is_complete, content)
select share_set_id, effective_from, told_at, event_id, source, $8, is_complete, content::jsonb
from unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[], $5::text[], $6::bool[], $7::text[])
  as told(share_set_id, effective_from, told_at, event_id, source, is_complete, content)
on conflict (share_set_id, effective_from) do update set told_at = excluded.told_at, event_id = excluded.event_id,
  source = excluded.source, book = excluded.book, is_complete = excluded.is_complete, content = excluded.content
"""
_OF_UNIT = """
select share_set_id, effective_from, is_complete, content->>'name' as name,
  (member->>'numerator') || '/' || (member->>'denominator') as share
from owners.share_versions, jsonb_array_elements(content->'members') as member
where member->>'unit_id' = $1 order by share_set_id, effective_from
"""
_PAGE = """
select share_set_id, effective_from, is_complete, content::text from owners.share_versions
where (share_set_id, effective_from) > ($1, $2) order by share_set_id, effective_from limit $3
"""


async def load_versions(
    connection: asyncpg.Connection, keys: Collection[VersionKey]
) -> dict[VersionKey, Told[SharesPublished]]:
    """Return the newest publication of each of the versions that was ever published."""
    rows = await connection.fetch(_LOAD, [share_set_id for share_set_id, _ in keys], [day for _, day in keys])
    return {(row["share_set_id"], row["effective_from"]): _told(row) for row in rows}


async def store_versions(
    connection: asyncpg.Connection,
    newest: Mapping[VersionKey, Event[SharesPublished]],
    complete: Collection[VersionKey],
    book: date,
) -> None:
    """Keep the newest publications, learnt in ``book``, in place of older ones; ``complete`` are those that total 1."""
    if not newest:
        return
    told = newest.values()
    await connection.execute(
        _STORE,
        [share_set_id for share_set_id, _ in newest],
        [effective_from for _, effective_from in newest],
        [one.time for one in told],
        [one.id for one in told],
        [one.source for one in told],
        [key in complete for key in newest],
        [one.data.model_dump_json(exclude_none=True) for one in told],
        book,
    )


async def list_shares_of_unit(connection: asyncpg.Connection, unit_id: str) -> Sequence[asyncpg.Record]:
    """Return the unit's share in every version that names it, by set and effective day."""
    return await connection.fetch(_OF_UNIT, unit_id)


async def list_versions(
    connection: asyncpg.Connection, after: VersionKey, limit: int
) -> list[tuple[SharesPublished, bool]]:
    """Return the next ``limit`` versions after one, each with whether it is kept as complete."""
    rows = await connection.fetch(_PAGE, *after, limit)
    return [(SharesPublished.model_validate_json(row["content"]), row["is_complete"]) for row in rows]


def _told(row: asyncpg.Record) -> Told[SharesPublished]:
    stamp = Stamp(row["told_at"], row["event_id"], row["source"])
    return Told(stamp, SharesPublished.model_validate_json(row["content"]))
