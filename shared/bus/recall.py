"""Before a service speaks: whether Kafka holds things it has said that its database knows nothing of.

Only a database restored from an older backup is like that.  It would give other content to versions that hearers have,
so what it forgot is taken in again first (docs/decisions/0024).
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast
from uuid import UUID

import asyncpg

from shared.bus.cuts import Cuts
from shared.bus.days import lanes_of
from shared.bus.positions import Lane
from shared.events.base import Event, EventData
from shared.events.calendar import DayClosed
from shared.events.decode import Record, decode
from shared.events.intake import TakenIn
from shared.events.topics import forgets, said_by

_TAIL = 500
"""So many of the last records of a partition are looked at at every start: a repeated book may hide what is behind."""
_CUT = "select after from msg.closed_day order by day desc limit 1"
_NAMED = "select event_uid from msg.event_log where event_uid = any($1::uuid[])"
_LOGGED = "select topic, body from msg.event_log where event_uid = any($1::uuid[])"

Spans = dict[Lane, tuple[int, int]]
Heard = tuple[Event[EventData], Record]
"""An event of ours, and the record that carries it in Kafka."""
Content = tuple[bytes, int | None, date | None]
"""What may not differ between Kafka and the event log: the SHA-256 of an event's data, its version, its book."""


@dataclass(slots=True)
class Said:
    """What Kafka has of ours since the last day that the database has closed.

    ``forgotten``: topic and content of each event that the event log lacks or has otherwise; ``intakes``: what those
    transactions took in, in order; ``closed``: the days we have said to be closed; ``highest``: the last version of
    each topic and key, known or not.
    """

    forgotten: dict[UUID, tuple[str, Content]] = field(default_factory=dict)
    intakes: list[Event[TakenIn]] = field(default_factory=list)
    closed: dict[date, DayClosed] = field(default_factory=dict)
    highest: dict[tuple[str, str], int] = field(default_factory=dict)

    def of_book(self, book: date) -> list[UUID]:
        """Return what was forgotten of a book."""
        return [uid for uid, (_, (_, _, written)) in self.forgotten.items() if written == book]

    def in_words(self) -> str:
        """Return what was forgotten, for the log, without content."""
        return in_words(Counter(topic for topic, _ in self.forgotten.values()))

    def _add(self, event: Event[EventData], record: Record, *, known: bool) -> None:
        key = (event.topic, (record.key or b"").decode())
        self.highest[key] = max(self.highest.get(key, 0), event.aggver or 0)
        if isinstance(event.data, DayClosed):
            self.closed[event.data.day] = event.data
        if known or event.uid in self.forgotten:
            return
        self.forgotten[event.uid] = (event.topic, _content(event))
        if isinstance(event.data, TakenIn):
            self.intakes.append(cast("Event[TakenIn]", event))


def _content(event: Event[EventData]) -> Content:
    return event.sha, event.aggver, event.book


async def contents(connection: asyncpg.Connection, uids: Sequence[UUID]) -> dict[UUID, Content]:
    """Return what the event log has of these events."""
    rows = await connection.fetch(_LOGGED, uids)
    logged = [decode(Record(row["topic"], 0, 0, None, row["body"], (), 0)) for row in rows]
    return {event.uid: _content(event) for event in logged if isinstance(event, Event)}


async def agreed(connection: asyncpg.Connection, said: Mapping[UUID, tuple[str, Content]]) -> set[UUID]:
    """Return which events the event log has as Kafka has them; by name alone where erasure may have blanked either."""
    logged = await contents(connection, list(said))
    blanked = await named(connection, [uid for uid, (topic, _) in said.items() if forgets(topic)])
    return {uid for uid, (_, content) in said.items() if logged.get(uid) == content} | blanked


async def named(connection: asyncpg.Connection, uids: Sequence[UUID]) -> set[UUID]:
    """Return which events the event log has, whatever their content."""
    return {row[0] for row in await connection.fetch(_NAMED, uids)}


def in_words(counts: Counter[str]) -> str:
    """Return counts by topic."""
    return ", ".join(f"{topic} {count}" for topic, count in sorted(counts.items()))


async def has_forgotten(connection: asyncpg.Connection, cuts: Cuts, service: str, partitions: int) -> bool:
    """Say whether the last records of our topics name an event that the database does not know."""
    ends = await _ends(cuts, service, partitions)
    async for page in _pages(connection, cuts, {lane: (max(0, end - _TAIL), end) for lane, end in ends.items()}):
        if any(not known for *_, known in page):
            return True
    return False


async def said_since(connection: asyncpg.Connection, cuts: Cuts, service: str, partitions: int) -> Said:
    """Return all that Kafka has of ours from the cut of the last closed day on."""
    ends = await _ends(cuts, service, partitions)
    cut = lanes_of(await connection.fetchval(_CUT) or {})
    said = Said()
    async for page in _pages(connection, cuts, {lane: (min(cut.get(lane, 0), end), end) for lane, end in ends.items()}):
        for event, record, known in page:
            said._add(event, record, known=known)
    return said


async def _ends(cuts: Cuts, service: str, partitions: int) -> dict[Lane, int]:
    return await cuts.ends((c.topic, n) for c in said_by(service) for n in range(1 if c.single else partitions))


async def _pages(
    connection: asyncpg.Connection, cuts: Cuts, spans: Spans
) -> AsyncIterator[Sequence[tuple[Event[EventData], Record, bool]]]:
    """Yield the events of these spans, those of a lane in order, each with whether the event log has it."""
    async for page in cuts.read_all({lane: span for lane, span in spans.items() if span[0] < span[1]}):
        said: list[Heard] = [(event, record) for record in page if isinstance(event := decode(record), Event)]
        known = await agreed(connection, {event.uid: (event.topic, _content(event)) for event, _ in said})
        yield [(event, record, event.uid in known) for event, record in said]
