"""What a transaction says: stored with its effect, then relayed in order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import asyncpg

from shared.bus.work import Staged, Work
from shared.db.engine import driver
from shared.events.base import derived_id, source_of
from shared.events.envelope import encode
from shared.events.topics import pence_of
from shared.events.uid import event_uid

_VERSIONS = """
select wanted.topic, wanted.msg_key, coalesce(last.aggver, 0) as aggver
from unnest($1::text[], $2::text[]) as wanted(topic, msg_key)
left join lateral (
  select log.aggver from msg.event_log as log where log.topic = wanted.topic and log.msg_key = wanted.msg_key
  order by log.aggver desc limit 1) as last on true
"""
_PENDING = """
with drawn as (
  insert into msg.outbox_pending (seq) select nextval(log.seq) from generate_series(1, $1),
    (select pg_get_serial_sequence('msg.event_log', 'seq')::regclass as seq offset 0) as log
  returning seq
)
select array_agg(seq order by seq) from drawn
"""
"""Numbers of the event log, each noted as waiting for the relay."""
_LOG_COLUMNS = ("seq", "event_uid", "topic", "msg_key", "type", "aggver", "book", "pence", "body")

# One batch may say a hundred thousand things: in pages, the transaction is never idle for long, nor one statement.
_PAGE = 2_000

Row = tuple[object, ...]
Said = defaultdict[tuple[str, str, str, str], int]
"""How many events of each story (cause, topic, key) were said so far."""


async def flush(work: Work) -> int:
    """Store what ``work`` staged in the event log and the outbox; returns how many events were said.

    Events of one key are only staged by transactions that hold the key's lock, so per key the log's order is the
    order of commits.
    """
    staged, work.staged = work.staged, []
    if not staged:
        return 0
    connection = await driver(work.session)
    said: Said = defaultdict(int)
    for start in range(0, len(staged), _PAGE):
        await _store(connection, work, staged[start : start + _PAGE], said)
    return len(staged)


async def _store(connection: asyncpg.Connection, work: Work, staged: Sequence[Staged], said: Said) -> None:
    """Store a page of what was staged; ``said`` counts on over the pages of a transaction."""
    versions = await _versions(connection, staged)
    numbers = await connection.fetchval(_PENDING, len(staged))
    # Made while it is copied: PostgreSQL stores the first rows as the next ones are written.
    rows = _rows(work.service, work.book, staged, versions, numbers, said)
    await connection.copy_records_to_table("event_log", schema_name="msg", columns=_LOG_COLUMNS, records=rows)


async def _versions(connection: asyncpg.Connection, staged: Sequence[Staged]) -> dict[tuple[str, str], int]:
    """Return the last version said on each topic and key."""
    wanted = {(item.channel.topic, item.key) for item in staged}
    rows = await connection.fetch(_VERSIONS, [topic for topic, _ in wanted], [key for _, key in wanted])
    return {(row["topic"], row["msg_key"]): row["aggver"] for row in rows}


def _next_id(item: Staged, said: Said) -> str:
    """Return the id of an event, derived from its story, and count it."""
    cause, topic = item.cause, item.channel.topic
    story = (cause.source, cause.id, topic, item.key)
    event_id = derived_id(cause.source, cause.id, topic, f"{item.key}:{said[story]}")
    said[story] += 1
    return event_id


def _rows(
    service: str, book: date, staged: Sequence[Staged], versions: dict[tuple[str, str], int],
    numbers: Sequence[int], said: Said,
) -> Iterator[Row]:  # fmt: skip
    """Yield the event log's rows: ids derived from their causes, versions counted on."""
    source, now = source_of(service), datetime.now(UTC)
    for item, number in zip(staged, numbers, strict=True):
        channel, key = item.channel, item.key
        event_id = _next_id(item, said)
        uid = event_uid(source, event_id)
        versions[channel.topic, key] = aggver = versions[channel.topic, key] + 1
        body = _body(item, event_id, source, now, book, aggver)
        pence = pence_of(channel, item.data) if item.data is not None else 0
        yield (number, uid, channel.topic, key, channel.type, aggver, book, pence, body)


def _body(item: Staged, event_id: str, source: str, now: datetime, book: date, aggver: int) -> bytes:
    """Return the bytes that go to Kafka; none: the relay sends a tombstone."""
    if item.data is None:
        return b""
    cause = item.cause
    return encode(
        item.channel, item.data, id=event_id, source=source, time=now, book=book, aggver=aggver,
        correlation_id=cause.correlation_id or cause.id, causation_id=cause.id, traceparent=cause.traceparent,
    )  # fmt: skip
