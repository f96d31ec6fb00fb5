"""One unit of work: a transaction in which a batch, a staff command or a slice of a day takes effect."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import locks
from shared.events.base import Event, EventData
from shared.events.topics import Channel, Retention, key_of
from shared.log_events import LogEvent
from shared.logs import log

OPENING_BOOK = date(1970, 1, 1)
"""The book of everything learnt before the first business day ended."""


class Cause(NamedTuple):
    """What led to an event of ours: its name, and the story it belongs to."""

    source: str
    id: str
    correlation_id: str = ""
    traceparent: str = ""

    @classmethod
    def of(cls, event: Event[Any]) -> "Cause":
        """Return an event as the cause of others; a story starts with the first event heard."""
        return cls(event.source, event.id, event.correlation_id or event.id, event.traceparent)


class Disposition(StrEnum):
    """What became of an event; the letter stands in the inbox."""

    DONE = "D"
    DUPLICATE = "U"
    HELD = "H"
    DEAD = "X"


class ReasonClass(StrEnum):
    """The kinds of reason for a dead letter."""

    UNDECODABLE = "undecodable"
    INVALID = "invalid"
    CONFLICT = "conflict"
    RULE = "rule"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a use case (or the bus) decided about one event that was not simply applied."""

    disposition: Disposition
    reason_class: ReasonClass | None = None
    reason: str = ""
    detail: str = ""
    field: str | None = None
    needs: str = ""


class Staged(NamedTuple):
    """An event of ours that waits for the flush of its transaction; without data it is a tombstone."""

    channel: Channel
    data: EventData | None
    cause: Cause
    key: str


class Work:
    """A transaction in progress, as use cases see it.

    A use case loads and stores through ``session``, says events with ``stage`` and passes a verdict on the events it
    does not apply; it never commits or publishes, and what it has to ``tell`` is logged after the commit.
    """

    __slots__ = ("_lines", "book", "cause", "known_things", "remarks", "service", "session", "staged", "verdicts")

    def __init__(self, session: AsyncSession, *, service: str, book: date, cause: Cause) -> None:
        self.session = session
        self.service = service
        self.book = book
        self.cause = cause
        self.staged: list[Staged] = []
        self.verdicts: dict[UUID, Verdict] = {}
        self.known_things: list[str] = []
        self.remarks: defaultdict[UUID, dict[str, object]] = defaultdict(dict)
        self._lines: list[tuple[LogEvent, dict[str, object]]] = []

    async def lock(self, *, exclusive: Iterable[str] = (), shared: Iterable[str] = ()) -> None:
        """Hold the named things until the transaction ends; whoever decides from a thing names it before loading."""
        await locks.take(self.session, exclusive, shared)

    def stage(
        self, channel: Channel, data: EventData, *, cause: "Event[Any] | Cause | None" = None, key: str | None = None
    ) -> None:
        """Say an event: it is stored with this transaction and relayed after it, in the order staged.

        ``key`` is only given where the table of topics names no field of the data.
        """
        named = Cause.of(cause) if isinstance(cause, Event) else cause
        self.staged.append(Staged(channel, data, named or self.cause, key_of(channel, data) if key is None else key))

    def clear(self, channel: Channel, key: str) -> None:
        """Say a tombstone after what was staged of a key: Kafka keeps nothing of it once it has compacted the topic.

        Hearers pass over it, for what it clears away was said by an event before it.
        """
        assert channel.retention is Retention.COMPACTED, "only a compacted topic forgets by key"
        self.staged.append(Staged(channel, None, self.cause, key))

    def refuse(self, event: Event[Any], rule: str, detail: str, field: str | None = None) -> None:
        """A rule says no: the event becomes a dead letter with the rule's name; the rest of the batch goes on."""
        self.verdicts[event.uid] = Verdict(Disposition.DEAD, ReasonClass.RULE, rule, detail, field)

    def conflict(self, event: Event[Any], detail: str) -> None:
        """The same business id was used for other content: the first stands."""
        self.verdicts[event.uid] = Verdict(Disposition.DEAD, ReasonClass.CONFLICT, "conflicting-id", detail)

    def duplicate(self, event: Event[Any]) -> None:
        """The same business id and content under a new event id: nothing changes."""
        self.verdicts[event.uid] = Verdict(Disposition.DUPLICATE)

    def hold(self, event: Event[Any], needs: str) -> None:
        """Keep the event until ``needs`` (``charge:C1``, ``unit:U1`` …) is known."""
        self.verdicts[event.uid] = Verdict(Disposition.HELD, needs=needs)

    def known(self, *things: str) -> None:
        """Something is known from now on: events held for it are applied in this same transaction."""
        self.known_things.extend(things)

    def remark(self, uid: UUID, **facts: object) -> None:
        """Add facts to the log line that an event of this batch gets once all is committed."""
        self.remarks[uid] |= facts

    def tell(self, event: LogEvent, **fields: object) -> None:
        """Leave a line of the log to be written when this transaction has committed, and only then."""
        self._lines.append((event, fields))

    def committed(self) -> None:
        """Write the lines that were left; for whoever opened the transaction, after its commit."""
        for event, fields in self._lines:
            log(event, **fields)
        self._lines = []
