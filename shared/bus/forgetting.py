"""Bytes that were put aside and name a person: found by what identifies them, blanked or rewritten."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.bus.letters import record_of
from shared.events.decode import Record

_HOLDS = """
exists (select from unnest($1::bytea[]) as word where position(word in coalesce({row}.raw_value, '')) > 0
  or position(word in coalesce({row}.raw_key, '')) > 0)
"""
_OPEN = f"select id from msg.dead_letter as it where status = 'open' and {_HOLDS.format(row='it')} order by id"  # noqa: S608 - ours
_BLANK = f"""
update msg.dead_letter as it set raw_key = null, raw_value = null, raw_headers = '[]'
where status <> 'open' and {_HOLDS.format(row="it")}
"""  # noqa: S608 - ours
_BLANK_KEY = """
update msg.dead_letter set raw_value = null, raw_headers = '[]' where topic = $1 and raw_key = convert_to($2, 'UTF8')
"""
_HELD = f"select * from msg.held as it where {_HOLDS.format(row='it')} order by event_uid for update"  # noqa: S608 - ours
_REWRITE = "update msg.held set raw_value = $2, raw_headers = '[]' where event_uid = $1"


def words_of(terms: Sequence[str]) -> list[bytes]:
    """Return terms as they stand in bytes."""
    return [term.encode() for term in terms]


async def open_letters(connection: asyncpg.Connection, terms: Sequence[str]) -> list[int]:
    """Return the dead letters that hold one of the terms and that nobody has decided about."""
    return [row["id"] for row in await connection.fetch(_OPEN, words_of(terms))]


async def blank_letters(connection: asyncpg.Connection, terms: Sequence[str]) -> int:
    """Blank the bytes of decided dead letters that hold one of the terms; returns how many."""
    status: str = await connection.execute(_BLANK, words_of(terms))
    return int(status.rpartition(" ")[2])


async def blank_letters_of(connection: asyncpg.Connection, topic: str, key: str) -> None:
    """Blank the bytes of every dead letter of one key: what they said is gone."""
    await connection.execute(_BLANK_KEY, topic, key)


async def lock_held_records(connection: asyncpg.Connection, terms: Sequence[str]) -> list[tuple[UUID, Record]]:
    """Return the held records that hold one of the terms, locked until the transaction ends."""
    return [(row["event_uid"], record_of(row)) for row in await connection.fetch(_HELD, words_of(terms))]


async def rewrite_held(connection: asyncpg.Connection, uid: UUID, value: bytes) -> None:
    """Let a held event wait on with other bytes."""
    await connection.execute(_REWRITE, uid, value)
