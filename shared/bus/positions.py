"""Where a service has read to in each partition, kept in its own database: the fence against zombies and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

Lane = tuple[str, int]
"""A topic (without prefix) and a partition number."""

_CLAIM = """
update msg.position set epoch = epoch + 1, owner = $3, updated_at = now()
where topic = $1 and partition_no = $2 returning next_offset, last_sha, epoch, quarantined_at is not null as quarantined
"""
_FENCE = """
update msg.position as place set next_offset = step.next, last_sha = step.sha, updated_at = now()
from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
  as step(topic, partition_no, epoch, start, next, sha)
where place.topic = step.topic and place.partition_no = step.partition_no
  and place.epoch = step.epoch and place.next_offset = step.start
returning place.topic, place.partition_no
"""

FROZEN_S = 10.0
"""How long a session may wait for the rest of a COPY: as long as for its next statement in a transaction."""
_END_FROZEN = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and usename = current_user and state = 'active' and wait_event = 'ClientRead'
  and state_change < now() - make_interval(secs => $1)
"""


class FencedError(Exception):
    """Another process has taken these lanes over: what we hold of them is stale."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        super().__init__(f"{len(lanes)} lanes are owned by another process")
        self.lanes = tuple(lanes)


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane taken by this process: where to go on, proof of the record before it, and our epoch."""

    next_offset: int
    last_sha: bytes | None
    epoch: int
    quarantined: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One lane's move in a batch: from ``start`` to ``next``, the last record's value hashed to ``sha``."""

    lane: Lane
    epoch: int
    start: int
    next: int
    sha: bytes


async def claim(connection: asyncpg.Connection, lane: Lane, owner: str) -> Claim | None:
    """Take a lane over; waits for its former owner's open transaction.  ``None``: the position is missing."""
    row = await connection.fetchrow(_CLAIM, *lane, owner)
    return Claim(**dict(row)) if row else None


async def end_frozen(connection: asyncpg.Connection) -> int:
    """End sessions of ours whose process stands still in the middle of a COPY; return how many.

    A session that is idle in a transaction ends by itself, and a statement that runs too long does, but one that waits
    for the rest of a COPY would keep its locks until its process goes on or dies.
    """
    return int(await connection.fetchval(_END_FROZEN, FROZEN_S))


async def fence(connection: asyncpg.Connection, steps: Sequence[Step]) -> None:
    """Move all lanes of a batch forward, or raise ``FencedError`` naming those that are no longer ours."""
    rows = await connection.fetch(
        _FENCE,
        [step.lane[0] for step in steps], [step.lane[1] for step in steps], [step.epoch for step in steps],
        [step.start for step in steps], [step.next for step in steps], [step.sha for step in steps],
    )  # fmt: skip
    moved = {(row["topic"], row["partition_no"]) for row in rows}
    lost = [step.lane for step in steps if step.lane not in moved]
    if lost:
        raise FencedError(lost)


async def all_positions(connection: asyncpg.Connection) -> dict[Lane, int]:
    """Return the next offset of every lane."""
    rows = await connection.fetch("select topic, partition_no, next_offset from msg.position")
    return {(row["topic"], row["partition_no"]): row["next_offset"] for row in rows}


async def quarantine(connection: asyncpg.Connection, lane: Lane, reason: str) -> None:
    """Stop a lane until an operator releases it."""
    await connection.execute(
        "update msg.position set quarantined_at = now(), quarantine_reason = $3 where topic = $1 and partition_no = $2",
        *lane, reason,
    )  # fmt: skip


async def quarantined(connection: asyncpg.Connection) -> set[Lane]:
    """Return the lanes that wait for an operator."""
    rows = await connection.fetch("select topic, partition_no from msg.position where quarantined_at is not null")
    return {(row["topic"], row["partition_no"]) for row in rows}
