"""Before a service speaks: whether Kafka holds things it has said that its database knows nothing of.

Only a database restored from an older backup is like that (docs/decisions/0013).  It would give other content to
versions that hearers have.  A service whose input carries books says the same again by itself, so what it forgot is
read back; any other must not speak.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from shared.bus.cuts import Cuts
from shared.bus.days import lanes_of
from shared.bus.positions import Lane
from shared.events.base import Event, EventData
from shared.events.decode import Record, decode
from shared.events.topics import heard_by, said_by

_TAIL = 500
"""So many of the last records of a partition are looked at at every start: a repeated book may hide what is behind."""
_CUT = "select after from msg.closed_day order by day desc limit 1"
_KNOWN = "select event_uid from msg.event_log where event_uid = any($1::uuid[])"
_LOWEST = "select least(coalesce(min(seq), 0), 0) from msg.event_log"
_COLUMNS = ("seq", "event_uid", "topic", "msg_key", "type", "aggver", "book", "pence", "body")

Said = tuple[Event[EventData], Record]
"""An event of ours, and the record that carries it in Kafka."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What Kafka has of ours and the database has not, by topic; ``told_again``: what only the world can repeat."""

    by_topic: Counter[str]
    told_again: Collection[str]

    def in_words(self) -> str:
        """Return it for the log, without content."""
        return ", ".join(f"{topic} {count}" for topic, count in sorted(self.by_topic.items()))


async def recall(
    connection: asyncpg.Connection, cuts: Cuts, service: str, partitions: int, by_others: Collection[str]
) -> Forgotten | None:
    """Return what was forgotten and cannot be read back, ``None`` when the service may speak.

    ``by_others`` are topics of ours that tell what people or the world did: nobody would do it again.
    """
    ends = await cuts.ends(
        (c.topic, number) for c in said_by(service) for number in range(1 if c.single else partitions)
    )
    if not await _unknown(connection, cuts, {lane: (max(0, end - _TAIL), end) for lane, end in ends.items()}):
        return None
    cut = lanes_of(await connection.fetchval(_CUT) or {})
    lost = await _unknown(connection, cuts, {lane: (cut.get(lane, 0), end) for lane, end in ends.items()})
    counts = Counter(event.topic for event, _ in lost)
    told = [topic for topic in counts if topic in by_others]
    if told or not says_the_same_again(service):
        return Forgotten(counts, told)
    await _keep(connection, lost)
    return None


def says_the_same_again(service: str) -> bool:
    """Whether all that a service hears says in which book it belongs, so that it decides the same a second time."""
    return all(channel.owner != "housing" for channel in heard_by(service))


async def _unknown(
    connection: asyncpg.Connection, cuts: Cuts, ranges: dict[Lane, tuple[int, int]]
) -> list[Said]:  # fmt: skip
    """Return the events in these ranges that the event log does not have, in the order of each lane."""
    unknown: list[Said] = []
    async for page in cuts.read_all({lane: span for lane, span in ranges.items() if span[0] < span[1]}):
        said = [(event, record) for record in page if isinstance(event := decode(record), Event)]
        known = {row["event_uid"] for row in await connection.fetch(_KNOWN, [event.uid for event, _ in said])}
        unknown += [(event, record) for event, record in said if event.uid not in known]
    return unknown


async def _keep(connection: asyncpg.Connection, lost: Sequence[Said]) -> None:
    """Put what was read back into the event log, below everything else, and not into the outbox: hearers have it."""
    first = {event.uid: (event, record) for event, record in lost}
    async with connection.transaction():
        lowest: int = await connection.fetchval(_LOWEST)
        numbers = range(lowest - len(first), lowest)
        rows = [_row(number, *said) for number, said in zip(numbers, first.values(), strict=True)]
        await connection.copy_records_to_table("event_log", schema_name="msg", columns=_COLUMNS, records=rows)


def _row(number: int, event: Event[EventData], record: Record) -> tuple[object, ...]:
    """Return an event log's row; the key is the record's own, which a rejection's data do not name."""
    key = (record.key or b"").decode()
    return number, event.uid, event.topic, key, event.type, event.aggver, event.book, event.pence, record.value
