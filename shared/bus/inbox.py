"""The inbox: which events this service has taken in, with their content's hash, book and pence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

_CLAIM = """
insert into msg.inbox (event_uid, sha, topic, disposition, book, pence, partition_no, kafka_offset, own_book)
select uid, sha, topic, 'D', book, pence, partition_no, kafka_offset, $8
from unnest($1::uuid[], $2::bytea[], $3::text[], $4::date[], $5::bigint[], $6::int[], $7::bigint[])
  as arrived(uid, sha, topic, book, pence, partition_no, kafka_offset)
on conflict do nothing returning event_uid
"""
_AMEND = """
update msg.inbox as seen set disposition = verdict.letter
from unnest($1::uuid[], $2::text[]) as verdict(uid, letter) where seen.event_uid = verdict.uid
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the inbox notes of one event."""

    uid: UUID
    sha: bytes
    topic: str
    book: date | None
    pence: int
    partition: int
    offset: int


async def claim(connection: asyncpg.Connection, arrivals: Sequence[Arrival], own_book: date) -> set[UUID]:
    """Note the arrivals as done and return those that are new; the others were taken in before."""
    if not arrivals:
        return set()
    columns = zip(*((a.uid, a.sha, a.topic, a.book, a.pence, a.partition, a.offset) for a in arrivals), strict=True)
    rows = await connection.fetch(_CLAIM, *(list(column) for column in columns), own_book)
    return {row["event_uid"] for row in rows}


async def shas(connection: asyncpg.Connection, uids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the content hashes noted for events taken in before."""
    if not uids:
        return {}
    rows = await connection.fetch("select event_uid, sha from msg.inbox where event_uid = any($1)", uids)
    return {row["event_uid"]: bytes(row["sha"]) for row in rows}


async def noted(connection: asyncpg.Connection, uid: UUID) -> tuple[bytes, str] | None:
    """Return the content hash and disposition noted for an event, if it was ever taken in."""
    row = await connection.fetchrow("select sha, disposition from msg.inbox where event_uid = $1", uid)
    return None if row is None else (bytes(row["sha"]), row["disposition"])


async def amend(connection: asyncpg.Connection, letters: dict[UUID, str]) -> None:
    """Correct the disposition of the few events that were not simply applied."""
    if letters:
        await connection.execute(_AMEND, list(letters), list(letters.values()))
