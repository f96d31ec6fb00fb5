"""The order in which a live database took everything in, book by book: what a rebuild follows, step by step."""

import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from operator import itemgetter
from typing import Any

import asyncpg

from shared.bus.commands import topic_of
from shared.bus.positions import Lane
from shared.bus.pump import FAILURES

# A record stands in the inbox, or among the dead letters if it could not even be read; repeats stand nowhere.
# One transaction has one time, and its rows lie in the order in which they were taken in, or nearly (`in_order`). What
# failed was buried in a transaction of its own, and is buried again: what mended code makes of it counts from when it
# was driven again.
# Times are those at which all locks were held, so they follow one another as commits did: a command's is when it was
# recorded, a batch's stands in the log of batches, under the time at which its transaction began.
_BATCH = """
left join lateral (
  select committed_at, settled_at from msg.batch_log as log where log.topic = {row}.topic
    and log.partition_no = {row}.partition_no and log.from_offset <= {row}.kafka_offset
  order by log.from_offset desc limit 1) as batch on batch.committed_at = {row}.{began}
"""
_STEPS = f"""
select case when letter.id is null then 'batch' else 'burial' end as kind, seen.own_book as book,
  coalesce(batch.settled_at, seen.processed_at) as at, seen.ctid as nth, seen.topic, seen.partition_no,
  seen.kafka_offset, seen.event_uid, null::bytea as body, letter.reason_class, letter.reason_code, letter.detail
from msg.inbox as seen left join msg.dead_letter as letter on letter.topic = seen.topic
  and letter.partition_no = seen.partition_no and letter.kafka_offset = seen.kafka_offset
  and letter.reason_code = any($2::text[])
{_BATCH.format(row="seen", began="processed_at")}
union all
select 'batch', own_book, coalesce(batch.settled_at, first_seen), null, topic, partition_no, kafka_offset, event_uid,
  null, null, null, null
from msg.dead_letter as letter {_BATCH.format(row="letter", began="first_seen")}
where not exists (
  select from msg.inbox as seen where seen.topic = letter.topic and seen.partition_no = letter.partition_no
    and seen.kafka_offset = letter.kafka_offset)
union all
select 'redrive', given.book, recorded_at, null, letter.topic, partition_no, kafka_offset, given.event_uid,
  given.body, null, null, null
from msg.event_log as given
cross join lateral (select convert_from(given.body, 'UTF8')::jsonb #> '{{answer,place}}' as place) as answer
join msg.dead_letter as letter on letter.topic = answer.place ->> 0
  and letter.partition_no = (answer.place ->> 1)::int and letter.kafka_offset = (answer.place ->> 2)::bigint
where given.topic = $1 and convert_from(given.body, 'UTF8')::jsonb ->> 'kind' = 'dead-letter-redrive'
union all
select 'deed', book, recorded_at, null, topic, 0, seq, event_uid, body, null, null, null from msg.event_log
where topic = $1 and convert_from(body, 'UTF8')::jsonb ->> 'kind' = any($3::text[])
order by book, at, kind, nth nulls last, topic, partition_no, kafka_offset
"""  # noqa: S608 - ours
_WANTED = """
select topic, partition_no, array_agg(kafka_offset) as offsets from (
  select topic, partition_no, kafka_offset from msg.inbox
  union select topic, partition_no, kafka_offset from msg.dead_letter) as seen
group by topic, partition_no
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of the live database, or one day that it closed.

    ``rows`` are the records of a batch, or the one row of a deed; none: the book's day was closed here, with
    the cut ``after``.
    """

    kind: str
    book: date
    rows: Sequence[asyncpg.Record] = ()
    after: dict[str, list[int]] | None = None


async def wanted(live: asyncpg.Connection) -> dict[Lane, set[int]]:
    """Return the offsets of every record that was ever taken in, by lane."""
    return {(row["topic"], row["partition_no"]): set(row["offsets"]) for row in await live.fetch(_WANTED)}


async def steps(live: asyncpg.Connection, service: str, deeds: Collection[str]) -> AsyncIterator[Step]:
    """Yield everything that changed the live database, in order; after a book's steps the close of its day.

    The connection must be inside a transaction that sees one moment.
    """
    closed = await live.fetch("select day, after from msg.closed_day order by day")
    days = iter([(row["day"], _json(row["after"])) for row in closed])
    day = next(days, None)
    batch: list[asyncpg.Record] = []
    names = (topic_of(service), FAILURES, list(deeds))
    async for row in live.cursor(_STEPS, *names, prefetch=2000):
        if batch and not _together(batch[-1], row):
            yield Step(batch[0]["kind"], batch[0]["book"], in_order(batch))
            batch = []
        while day is not None and day[0] < row["book"]:
            yield Step("day", day[0], after=day[1])
            day = next(days, None)
        batch.append(row)
    if batch:
        yield Step(batch[0]["kind"], batch[0]["book"], in_order(batch))
    while day is not None:
        yield Step("day", day[0], after=day[1])
        day = next(days, None)


def in_order(rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """Return the rows of one transaction as it applied them: lanes mixed as their rows lie, each by its offsets.

    A letter that never stood in the inbox lies nowhere, and a row whose disposition was corrected lies behind the
    others: each goes before the next of its lane.
    """
    lying: list[asyncpg.Record] = []
    loose: defaultdict[Lane, list[asyncpg.Record]] = defaultdict(list)
    reached: dict[Lane, int] = {}
    for row in rows:
        lane, offset = _lane(row), row["kafka_offset"]
        if row["nth"] is None or offset < reached.get(lane, 0):
            loose[lane].append(row)
        else:
            reached[lane] = offset
            lying.append(row)
    if not loose:
        return lying
    waiting = {lane: deque(sorted(some, key=itemgetter("kafka_offset"))) for lane, some in loose.items()}
    ordered: list[asyncpg.Record] = []
    for row in lying:
        before = waiting.get(_lane(row), deque())
        while before and before[0]["kafka_offset"] < row["kafka_offset"]:
            ordered.append(before.popleft())
        ordered.append(row)
    return [*ordered, *chain.from_iterable(waiting.values())]


def _lane(row: asyncpg.Record) -> Lane:
    return row["topic"], row["partition_no"]


def _together(one: asyncpg.Record, other: asyncpg.Record) -> bool:
    """Whether two rows were one transaction."""
    return one["kind"] == other["kind"] == "batch" and _moment(one) == _moment(other)


def _moment(row: asyncpg.Record) -> tuple[date, datetime]:
    return row["book"], row["at"]


def _json(value: Any) -> dict[str, list[int]]:
    """Return a JSON column's value: a raw connection hands it over as text."""
    answer: dict[str, list[int]] = json.loads(value) if isinstance(value, str) else value
    return answer
