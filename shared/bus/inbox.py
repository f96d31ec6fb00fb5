"""The inbox: which events this service has taken in, with their content's hash, book and pence."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

_COLUMNS = (
    "event_uid", "sha", "topic", "book", "pence", "partition_no", "kafka_offset", "disposition", "own_book",
)  # fmt: skip
_AMEND = """
update msg.inbox as seen set disposition = verdict.letter
from unnest($1::uuid[], $2::text[]) as verdict(uid, letter) where seen.event_uid = verdict.uid
"""


_SETTLE = "update msg.inbox set processed_at = $2 where event_uid = $1 and processed_at = now()"


class Arrival(NamedTuple):
    """What the inbox notes of one event."""

    uid: UUID
    sha: bytes
    topic: str
    book: date | None
    pence: int
    partition: int
    offset: int


async def claim(connection: asyncpg.Connection, arrivals: Sequence[Arrival], own_book: date) -> set[UUID]:
    """Note the arrivals as done and return those that are new; the others were taken in before.

    A look-up and a COPY, as most are new.  An event that another process takes in at this moment
    fails the transaction by its key, and is a repeat when the batch is tried again.
    """
    if not arrivals:
        return set()
    uids = [arrival.uid for arrival in arrivals]
    rows = await connection.fetch("select event_uid from msg.inbox where event_uid = any($1::uuid[])", uids)
    known = {row["event_uid"] for row in rows}
    new = [(*arrival, "D", own_book) for arrival in arrivals if arrival.uid not in known]
    if new:
        await connection.copy_records_to_table("inbox", schema_name="msg", columns=_COLUMNS, records=new)
    return {row[0] for row in new}


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


async def settle(connection: asyncpg.Connection, uids: Sequence[UUID]) -> None:
    """Note that this transaction, which no log of batches tells of, holds all its locks now; ``uids`` in their order.

    One by one, for a rebuild follows the rows in the order in which they lie.
    """
    now = await connection.fetchval("select clock_timestamp()")
    await connection.executemany(_SETTLE, [(uid, now) for uid in uids])
