"""What a run leaves behind, made comparable: every row of the whole database, and what its topics hold.

Left out is only what a second run may have otherwise: instants that the database's own clock writes, numbers it gives
away, and the columns of ``LEFT_OUT``; everything else must be equal to the byte.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from shared.events.rejection import Record

LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    # Whose process it was, and the how-manieth.
    "msg.position": ("epoch", "owner"),
    "msg.relay_lease": ("epoch", "holder", "beat_at"),
    "msg.event_log": ("body",),  # compared by ``_SAID``, without the time in it
    "msg.outbox_pending": ("seq",),  # compared by ``_PENDING``, by event
    # Where our own topics ended then, and the number of the last event.
    "msg.closed_day": ("after", "last_seq"),
    # Each row is sealed with its instant.
    "msg.audit": ("hash",),
    # A sender that dies leaves a silence, and the letter goes once more.
    "notify.messages": ("attempts", "silences", "first_tried_at", "sent_at", "last_answer"),
}
"""Columns that a crash may change, and why that is right."""

_BATCHES = "msg.batch_log"
"""How a lane was cut into batches is chance: compared by ``_RANGES``."""

_BUT_INTAKE = "topic not like '%.taken-in'"
"""So is what a service notes for itself of its transactions, under names of chance."""

_ONLY = {
    "msg.event_log": f" where {_BUT_INTAKE}",
    "msg.outbox_pending": f" where seq in (select seq from msg.event_log where {_BUT_INTAKE})",
}

_COLUMNS = """
select space.nspname || '.' || class.relname as name,
  array_remove(array_agg(case when attribute.attidentity <> '' or pg_get_expr(given.adbin, given.adrelid)
    in ('now()', 'clock_timestamp()') then attribute.attname::text end), null) as own
from pg_class as class join pg_namespace as space on space.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0
left join pg_attrdef as given on given.adrelid = class.oid and given.adnum = attribute.attnum
where class.relkind = 'r' and space.nspname = any($1::text[]) group by 1
"""
_RANGES = """
select jsonb_build_object('lane', topic || '/' || partition_no, 'from', min(from_offset), 'to', max(to_offset),
  'without gap', sum(to_offset - from_offset) = max(to_offset) - min(from_offset), 'done', sum(n_done),
  'twice', sum(n_dup), 'held', sum(n_held), 'dead', sum(n_dead), 'gap', sum(n_gap))::text
from msg.batch_log group by topic, partition_no
"""
_SAID = f"""
select topic || ' ' || msg_key || ' ' || aggver || ' ' || ((convert_from(body, 'UTF8')::jsonb #- '{{time}}')
  #- '{{data,after}}') from msg.event_log where {_BUT_INTAKE}
"""
_PENDING = f"select event_uid::text from msg.outbox_pending join msg.event_log using (seq) where {_BUT_INTAKE}"

Rows = dict[str, list[str]]


async def question_of(database: asyncpg.Connection, service: str) -> str:
    """Return the query for every row of the bus and of the service: the table's name, and the row as text."""
    tables = await database.fetch(_COLUMNS, ["msg", service])
    queries = {
        row["name"]: _whole(row["name"], (*row["own"], *LEFT_OUT.get(row["name"], ()))) + _ONLY.get(row["name"], "")
        for row in tables
        if row["name"] != _BATCHES
    }
    queries |= {_BATCHES: _RANGES, "events said": _SAID, "events not relayed": _PENDING}
    return " union all ".join(f"select '{name}', row from ({query}) as it(row)" for name, query in queries.items())


def rows_of(answer: Iterable[asyncpg.Record]) -> Rows:
    """Return the answer by table, each table's rows sorted."""
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for table, row in answer:
        rows[table].append(row)
    return {table: sorted(found) for table, found in rows.items()}


def _whole(table: str, without: Iterable[str]) -> str:
    left_out = "".join(f" - '{column}'" for column in without)
    return f"select (to_jsonb(it){left_out})::text from {table} as it"


def differences(found: Rows, wanted: Rows) -> list[str]:
    """Return each table that is not as it should be, with the first rows too many and missing."""
    wrong = []
    for table in sorted(found.keys() | wanted.keys()):
        here, there = found.get(table, []), wanted.get(table, [])
        if here != there:
            more, less = _without(here, there), _without(there, here)
            wrong.append(f"{table}: {len(more)} too many {more[:1]}, {len(less)} missing {less[:1]}")
    return wrong


def _without(rows: list[str], others: list[str]) -> list[str]:
    return list((Counter(rows) - Counter(others)).elements())


def first_arrivals(records: Iterable[Record]) -> tuple[Rows, int]:
    """Return what a reader that knows repeats gets of each key, in order, and how many repeats there were."""
    arrived: defaultdict[str, list[str]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    repeats = 0
    for record in records:
        assert record.value is not None
        if record.topic.endswith(".taken-in"):
            continue
        event = json.loads(record.value)
        if (event["source"], event["id"]) in seen:
            repeats += 1
            continue
        seen.add((event["source"], event["id"]))
        arrived[f"{record.topic} {(record.key or b'').decode()}"].append(_lasting(event))
    return dict(arrived), repeats


def _lasting(event: dict[str, Any]) -> str:
    """Return an event without the time at which it was said, and without where topics ended."""
    data = {name: value for name, value in event["data"].items() if name != "after"}
    return json.dumps({**event, "time": "", "data": data}, sort_keys=True)
