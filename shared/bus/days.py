"""The tables of days: which have ended, which we and the services before us have closed, and their totals."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import asyncpg

from shared.bus.positions import Lane
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.calendar import MOST_DAYS_AT_ONCE, DayClosed, DayEnded, TopicTotal
from shared.events.decode import Reason

_TAKEN_IN = """
select topic, count(*) as events, coalesce(sum(pence), 0)::bigint as amount_pence from msg.inbox
where topic = any($1::text[]) and book > $2 and book <= $3 group by topic
"""
_SAID = """
select topic, count(*) as events, coalesce(sum(pence), 0)::bigint as amount_pence from msg.event_log
where book > $1 and book <= $2 group by topic
"""
_LAST_CLOSED = """
select closed.day, closed.totals, (select coalesce(max(seq), 0) from msg.event_log) as seq
from (select) as always left join (select day, totals from msg.closed_day order by day desc limit 1) as closed on true
"""

Totals = dict[str, TopicTotal]


class LastClosed(NamedTuple):
    """The last closed day, what was said in all books up to it, and the number of the last event said by now."""

    day: date
    totals: Totals
    seq: int


async def end_days(work: Work, events: Sequence[Event[DayEnded]]) -> None:
    """Note the days that have ended: each ends every day since the last one (contract: the day closes like a book).

    A day already ended is a duplicate, the first stands; more than 400 days at once are refused, and so is a first day
    that no book comes before or after.
    """
    connection = await driver(work.session)
    for event in events:
        last = await connection.fetchval("select max(day) from msg.ended_day")
        day = event.data.day
        if last is not None and day <= last:
            work.duplicate(event)
        elif last is not None and (day - last).days > MOST_DAYS_AT_ONCE:
            work.refuse(event, "too-many-days", f"more than {MOST_DAYS_AT_ONCE} days would end at once", "day")
        elif not OPENING_BOOK < day < date.max:
            work.refuse(event, Reason.BAD_DATE, f"a day that ends is after {OPENING_BOOK} and before {date.max}", "day")
        else:
            await _end(connection, event, day if last is None else last + timedelta(days=1), day)


async def _end(connection: asyncpg.Connection, event: Event[DayEnded], first: date, last: date) -> None:
    """Write the days ``first`` to ``last``, each with the same cut."""
    after = json.dumps({topic: list(offsets) for topic, offsets in event.data.after.items()})
    await connection.execute(
        "insert into msg.ended_day (day, after, ended_by) select day::date, $3::jsonb, $4 "
        "from generate_series($1::date, $2::date, interval '1 day') as day",
        first, last, after, event.id,
    )  # fmt: skip
    await connection.execute("update msg.gate set first_ended = coalesce(first_ended, $1)", first)


async def note_upstream(work: Work, events: Sequence[Event[DayClosed]]) -> None:
    """Note that services before us in the line have closed days, with their cuts and totals."""
    connection = await driver(work.session)
    rows = [
        (
            event.topic.split(".")[0], event.data.day,
            json.dumps({topic: list(offsets) for topic, offsets in event.data.after.items()}),
            json.dumps({topic: total.model_dump() for topic, total in event.data.totals.items()}),
        )
        for event in events
    ]  # fmt: skip
    await connection.executemany(
        "insert into msg.upstream_closed (service, day, after, totals) values ($1, $2, $3::jsonb, $4::jsonb) "
        "on conflict do nothing",
        rows,
    )


async def cut_of(connection: asyncpg.Connection, day: date) -> dict[Lane, int] | None:
    """Return the cut through the housing topics at which ``day`` ended; ``None``: it has not ended."""
    after = await connection.fetchval("select after from msg.ended_day where day = $1", day)
    return None if after is None else lanes_of(after)


async def upstream(connection: asyncpg.Connection, service: str, day: date) -> tuple[dict[Lane, int], Totals] | None:
    """Return the cut and the totals with which ``service`` closed ``day``; ``None``: it has not yet."""
    row = await connection.fetchrow(
        "select after, totals from msg.upstream_closed where service = $1 and day = $2", service, day
    )
    if row is None:
        return None
    return lanes_of(row["after"]), totals_of(row["totals"])


def lanes_of(after: Mapping[str, Sequence[int]]) -> dict[Lane, int]:
    """Return a cut as the end offset of each lane."""
    return {(topic, number): offset for topic, offsets in after.items() for number, offset in enumerate(offsets)}


def totals_of(raw: Mapping[str, Mapping[str, Any]]) -> Totals:
    """Return totals from their JSON."""
    return {topic: TopicTotal(**total) for topic, total in raw.items()}


def add(first: Totals, second: Totals) -> Totals:
    """Return the totals of both together."""
    events: defaultdict[str, int] = defaultdict(int)
    pence: defaultdict[str, int] = defaultdict(int)
    for totals in (first, second):
        for topic, total in totals.items():
            events[topic] += total.events
            pence[topic] += total.amount_pence
    return {topic: TopicTotal(events=events[topic], amount_pence=pence[topic]) for topic in events}


async def said(connection: asyncpg.Connection, after: date, until: date) -> Totals:
    """Return what this service said in the books after ``after`` up to ``until``."""
    return _totals(await connection.fetch(_SAID, after, until))


async def taken_in(connection: asyncpg.Connection, topics: Sequence[str], after: date, until: date) -> Totals:
    """Return what this service took in of ``topics``, by the sender's books, from its inbox."""
    return _totals(await connection.fetch(_TAKEN_IN, topics, after, until))


def _totals(rows: Sequence[asyncpg.Record]) -> Totals:
    """Return rows as totals."""
    return {row["topic"]: TopicTotal(events=row["events"], amount_pence=row["amount_pence"]) for row in rows}


async def last_closed(connection: asyncpg.Connection) -> LastClosed:
    """Return the last closed day and what was said up to it; a day before all books when none is closed."""
    row = await connection.fetchrow(_LAST_CLOSED)
    assert row is not None
    return LastClosed(row["day"] or date.min, totals_of(row["totals"] or {}), row["seq"])


async def checked(connection: asyncpg.Connection, topics: Sequence[str]) -> dict[str, tuple[date, TopicTotal]]:
    """Return, for each topic, the last day whose totals agreed and what they were."""
    rows = await connection.fetch(
        "select distinct on (topic) topic, day, events, amount_pence from msg.checked_totals "
        "where topic = any($1::text[]) order by topic, day desc",
        topics,
    )
    return {r["topic"]: (r["day"], TopicTotal(events=r["events"], amount_pence=r["amount_pence"])) for r in rows}


async def note_checked(connection: asyncpg.Connection, day: date, totals: Totals) -> None:
    """Note the totals that agreed at the close of ``day``: the next close counts on from them."""
    await connection.executemany(
        "insert into msg.checked_totals (topic, day, events, amount_pence) values ($1, $2, $3, $4) "
        "on conflict do nothing",
        [(topic, day, total.events, total.amount_pence) for topic, total in totals.items()],
    )


async def note_closed(
    connection: asyncpg.Connection, day: date, after: Mapping[str, Sequence[int]], totals: Totals, seq: int
) -> None:
    """Write that this service has closed ``day``."""
    await connection.execute(
        "insert into msg.closed_day (day, after, totals, last_seq) values ($1, $2::jsonb, $3::jsonb, $4)",
        day, json.dumps({topic: list(o) for topic, o in after.items()}),
        json.dumps({topic: total.model_dump() for topic, total in totals.items()}), seq,
    )  # fmt: skip
