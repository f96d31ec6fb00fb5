"""Records put aside with their bytes: held ones wait for something, dead letters wait for a person."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.bus.work import Verdict
from shared.events.base import Event, EventData
from shared.events.decode import Record, Rejection
from shared.events.types import storable

_BURY = """
insert into msg.dead_letter (topic, partition_no, kafka_offset, kafka_ts, raw_key, raw_value, raw_headers, event_uid,
  event_id, type, pence, reason_class, reason_code, field, detail, fingerprint, own_book)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict (topic, partition_no, kafka_offset) do update
  set attempts = msg.dead_letter.attempts + 1, last_attempt = now(), reason_class = excluded.reason_class,
      reason_code = excluded.reason_code, detail = excluded.detail, field = excluded.field,
      fingerprint = excluded.fingerprint
"""
_HOLD = """
insert into msg.held (event_uid, topic, partition_no, kafka_offset, needs, raw_key, raw_value, raw_headers,
  timestamp_ms, pence, own_book)
values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)
on conflict (event_uid) do update set needs = excluded.needs
"""
_NUMBER = "select id from msg.dead_letter where topic = $1 and partition_no = $2 and kafka_offset = $3"
_RELEASE = "delete from msg.held where needs = any($1::text[]) returning *"

_LAST_MS = 253_370_764_800_000
"""The year 9999."""


class Taken(NamedTuple):
    """A record with what decoding made of it."""

    record: Record
    outcome: Event[EventData] | Rejection

    @property
    def uid(self) -> UUID | None:
        """The event's name, if it could be read."""
        return self.outcome.uid


def pack_headers(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """Return headers as JSON text, values in base64, so that any bytes survive.

    A name that the database does not store as it is follows once more, in base64.
    """
    return json.dumps([[storable(name), _packed(value), *_exact(name)] for name, value in headers])


def _packed(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _exact(name: str) -> list[str | None]:
    return [] if storable(name) == name else [_packed(name.encode())]


def unpack_headers(packed: Sequence[Sequence[Any]]) -> tuple[tuple[str, bytes | None], ...]:
    """Return the headers that ``pack_headers`` wrote, as the database hands them back."""
    return tuple(_unpacked(*header) for header in packed)


def _unpacked(name: str, value: str | None, exact: str | None = None) -> tuple[str, bytes | None]:
    whole = name if exact is None else base64.b64decode(exact).decode()
    return whole, None if value is None else base64.b64decode(value)


async def bury(connection: asyncpg.Connection, dead: Sequence[tuple[Taken, Verdict]], own_book: date) -> None:
    """Keep records as dead letters, whole, with the reason and the field at fault."""
    await connection.executemany(_BURY, [_grave(taken, verdict, own_book) for taken, verdict in dead])


def _grave(taken: Taken, verdict: Verdict, own_book: date) -> tuple[object, ...]:
    """Return one dead letter's row."""
    record, outcome = taken.record, taken.outcome
    event_id = outcome.id if isinstance(outcome, Event) else outcome.event_id
    cause = f"{record.topic}|{verdict.reason}|{verdict.field or ''}"
    return (
        record.topic, record.partition, record.offset, _instant(record.timestamp_ms),
        record.key, record.value, pack_headers(record.headers), outcome.uid, event_id, outcome.type, outcome.pence,
        str(verdict.reason_class), verdict.reason, verdict.field, verdict.detail[:2000],
        hashlib.sha256(cause.encode()).hexdigest()[:16], own_book,
    )  # fmt: skip


def _instant(timestamp_ms: int) -> datetime:
    """Return Kafka's time, which may be a producer's: one that no clock shows becomes the nearest that one does."""
    return datetime.fromtimestamp(min(max(timestamp_ms, 0), _LAST_MS) / 1000, UTC)


async def number_of(connection: asyncpg.Connection, topic: str, partition: int, offset: int) -> int:
    """Return the number of the dead letter that keeps the record of this place; raises ``LookupError``: none does."""
    number: int | None = await connection.fetchval(_NUMBER, topic, partition, offset)
    if number is None:
        raise LookupError(f"no dead letter keeps {topic} partition {partition} offset {offset}")
    return number


def place_of(row: asyncpg.Record) -> list[object]:
    """Return where a letter's record stands in Kafka: a name that outlives the letter's number."""
    return [row["topic"], row["partition_no"], row["kafka_offset"]]


async def hold(connection: asyncpg.Connection, held: Sequence[tuple[Taken, Verdict]], own_book: date) -> None:
    """Keep records until what they need is known."""
    rows = [
        (
            taken.uid, taken.record.topic, taken.record.partition, taken.record.offset, verdict.needs,
            taken.record.key, taken.record.value, pack_headers(taken.record.headers), taken.record.timestamp_ms,
            taken.outcome.pence, own_book,
        )
        for taken, verdict in held
    ]  # fmt: skip
    await connection.executemany(_HOLD, rows)


async def release(connection: asyncpg.Connection, things: Sequence[str]) -> list[Record]:
    """Take back the records that waited for any of ``things``, in the order they came."""
    if not things or not await connection.fetchval("select exists (select from msg.held)"):
        return []
    rows = await connection.fetch(_RELEASE, list(set(things)))
    return [
        record_of(row) for row in sorted(rows, key=lambda row: (row["topic"], row["partition_no"], row["kafka_offset"]))
    ]


def record_of(row: asyncpg.Record) -> Record:
    """Return the record that a held or dead row keeps."""
    stamp = row["timestamp_ms"] if "timestamp_ms" in row.keys() else int(row["kafka_ts"].timestamp() * 1000)  # noqa: SIM118 - a driver's row
    return Record(
        topic=row["topic"], partition=row["partition_no"], offset=row["kafka_offset"], key=row["raw_key"],
        value=row["raw_value"], headers=unpack_headers(row["raw_headers"]), timestamp_ms=stamp,
    )  # fmt: skip
