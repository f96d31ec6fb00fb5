"""One batch, one transaction: positions, inbox, the use cases' effect and what they say commit together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from shared.bus import inbox, letters, outbox, streams
from shared.bus.handlers import Router
from shared.bus.letters import Taken
from shared.bus.work import Cause, Disposition, ReasonClass, Verdict, Work
from shared.db.engine import driver
from shared.events import topics
from shared.events.base import Event, EventData
from shared.events.calendar import EventRejected
from shared.events.decode import Reason, Record, Rejection, decode
from shared.events.types import storable

_ORDER = {channel.topic: number for number, channel in enumerate(topics.CHANNELS)}
_UNREADABLE = {Reason.NOT_JSON, Reason.TOO_LARGE}
_DUPLICATE = Verdict(Disposition.DUPLICATE)
_DONE = Verdict(Disposition.DONE)


@dataclass(slots=True)
class Outcome:
    """What became of a batch: each record's verdict, in order; what it released; how many events were said.

    ``remarks``: what use cases have to add to the log line of an event.  ``began_at``: when it had the turn to decide,
    by the monotonic clock.
    """

    verdicts: list[tuple[Taken, Verdict]] = field(default_factory=list)
    released: list[tuple[Taken, Verdict]] = field(default_factory=list)
    said: int = 0
    remarks: Mapping[UUID, Mapping[str, object]] = field(default_factory=dict)
    began_at: float = 0.0

    @property
    def has_dead(self) -> bool:
        """Whether a record became a dead letter: most batches have none, and nothing is counted."""
        return any(_is_dead(verdict) for _, verdict in self.verdicts)

    def counts(self) -> Counter[Disposition]:
        """Return how many records got each disposition."""
        return Counter(verdict.disposition for _, verdict in self.verdicts)


class Applier:
    """Applies decoded records inside an open transaction, through the service's handlers."""

    def __init__(self, service: str, router: Router) -> None:
        self._service = service
        self._router = router

    async def apply(self, work: Work, taken: Sequence[Taken]) -> Outcome:
        """Apply records in order; everything they change and say is in the transaction when this returns."""
        outcome = await self.decide(work, taken)
        outcome.said = await outbox.flush(work)
        return outcome

    async def decide(self, work: Work, taken: Sequence[Taken]) -> Outcome:
        """Apply records in order; what they say is staged, and all that has to be locked is, when this returns."""
        connection = await driver(work.session)
        verdicts = await self._take_in(connection, work, taken)
        fresh = [item for item in taken if id(item) not in verdicts]
        late = await self._versions(connection, fresh, verdicts)
        await self._dispatch(work, [item for item in fresh if id(item) not in verdicts], verdicts)
        outcome = Outcome([(item, verdicts.get(id(item), _DONE)) for item in taken], remarks=work.remarks)
        await self._settle(connection, work, outcome.verdicts)
        outcome.released = await self._release(connection, work, late)
        return outcome

    async def redo(self, work: Work, item: Taken) -> Verdict:
        """Apply one record again that was put aside before; one that was applied meanwhile is a duplicate.

        What it says is staged: whoever calls flushes it, with the record of the command.
        """
        connection = await driver(work.session)
        verdicts: dict[int, Verdict] = {}
        verdict = await self._standing(connection, work, item)
        if verdict is None:
            await self._dispatch(work, [item], verdicts)
            verdict = verdicts.get(id(item), _DONE)
            await inbox.amend(connection, {item.outcome.uid: str(verdict.disposition)} if item.outcome.uid else {})
        await self._settle(connection, work, [(item, verdict)], announce=not _is_dead(verdict))
        await self._release(connection, work, [])
        return verdict

    async def _standing(self, connection: asyncpg.Connection, work: Work, item: Taken) -> Verdict | None:
        """Return the verdict on a record put aside that is settled without applying it; ``None``: apply it."""
        if isinstance(item.outcome, Rejection):
            return _rejected(item.record, item.outcome)
        await inbox.claim(connection, [_arrival(item)], work.book)
        noted = await inbox.noted(connection, item.outcome.uid)
        if noted is not None and noted[0] != item.outcome.sha:
            return _CONTRADICTION
        return None

    async def _take_in(self, connection: asyncpg.Connection, work: Work, taken: Sequence[Taken]) -> dict[int, Verdict]:
        """Note every readable event in the inbox; return verdicts on rejections, repeats and contradictions."""
        verdicts: dict[int, Verdict] = {
            id(t): _rejected(t.record, t.outcome) for t in taken if isinstance(t.outcome, Rejection)
        }
        first: dict[UUID, Taken] = {}
        repeats: list[Taken] = []
        for item in taken:
            if item.uid is None or item.outcome.sha is None:
                continue
            if first.setdefault(item.uid, item) is not item:
                repeats.append(item)
        new = await inbox.claim(connection, [_arrival(item) for item in first.values()], work.book)
        repeats += [item for uid, item in first.items() if uid not in new]
        known = await inbox.shas(connection, [item.uid for item in repeats if item.uid is not None])
        for item in repeats:
            assert item.uid is not None
            same = known.get(item.uid) == item.outcome.sha or topics.forgets(item.record.topic)
            verdicts[id(item)] = _DUPLICATE if same else _CONTRADICTION
        return verdicts

    async def _versions(
        self, connection: asyncpg.Connection, fresh: Sequence[Taken], verdicts: dict[int, Verdict]
    ) -> list[str]:
        """Check the versions of other services' events; return the names of the versions now applied."""
        versioned = [item for item in fresh if isinstance(item.outcome, Event) and item.outcome.aggver is not None]
        current = await streams.load(connection, [(i.outcome.topic, i.outcome.key) for i in versioned])  # type: ignore[union-attr]
        applied: dict[streams.Stream, int] = {}
        for item in versioned:
            event = item.outcome
            assert isinstance(event, Event) and event.aggver is not None  # noqa: PT018 - one fact for the type checker
            stream = (event.topic, event.key)
            verdict = _version_verdict(event, current[stream])
            if verdict is None:
                applied[stream] = current[stream] = event.aggver
            else:
                verdicts[id(item)] = verdict
        await streams.store(connection, applied)
        return [streams.version_name(stream, version) for stream, version in applied.items()]

    async def _dispatch(self, work: Work, items: Iterable[Taken], verdicts: dict[int, Verdict]) -> None:
        """Hand events to their handlers, once a channel, and collect the verdicts."""
        by_topic: defaultdict[str, list[Taken]] = defaultdict(list)
        for item in items:
            by_topic[item.record.topic].append(item)
        for topic in sorted(by_topic, key=_ORDER.__getitem__):
            batch = by_topic[topic]
            events: list[Event[EventData]] = [i.outcome for i in batch if isinstance(i.outcome, Event)]
            work.cause = Cause.of(events[-1])
            await self._router.handlers[topic](work, events)
            for item in batch if work.verdicts else ():
                if item.uid in work.verdicts:
                    verdicts[id(item)] = work.verdicts.pop(item.uid)

    async def _release(
        self, connection: asyncpg.Connection, work: Work, things: list[str]
    ) -> list[tuple[Taken, Verdict]]:
        """Apply what waited for the things now known, and what waited for those, until nothing more comes.

        Every round is settled before the next: what one holds may wait for what another makes known.
        """
        done: list[tuple[Taken, Verdict]] = []
        while True:
            things, work.known_things = [*things, *work.known_things], []
            records = await letters.release(connection, things)
            if not records:
                return done
            items = [Taken(record, decode(record)) for record in records]
            verdicts: dict[int, Verdict] = {}
            things = await self._versions(connection, items, verdicts)
            await self._dispatch(work, [item for item in items if id(item) not in verdicts], verdicts)
            await inbox.amend(connection, {i.uid: str(Disposition.DONE) for i in items if i.uid is not None})
            settled = [(item, verdicts.get(id(item), _DONE)) for item in items]
            await self._settle(connection, work, settled)
            done += settled

    async def bury(self, work: Work, item: Taken, verdict: Verdict) -> Outcome:
        """Make a dead letter of the one record that cannot be applied; its version counts as taken."""
        connection = await driver(work.session)
        verdicts = await self._take_in(connection, work, [item])
        if id(item) not in verdicts:
            await self._versions(connection, [item], verdicts)
        outcome = Outcome([(item, verdicts.get(id(item), verdict))])
        await self._settle(connection, work, outcome.verdicts)
        outcome.said = await outbox.flush(work)
        return outcome

    async def _settle(
        self,
        connection: asyncpg.Connection,
        work: Work,
        verdicts: Sequence[tuple[Taken, Verdict]],
        *,
        announce: bool = True,
    ) -> None:
        """Keep the dead and the held with their bytes, say the dead, correct the inbox."""
        others = [pair for pair in verdicts if pair[1].disposition is not Disposition.DONE]
        dead = [pair for pair in others if _is_dead(pair[1])]
        held = [pair for pair in others if pair[1].disposition is Disposition.HELD]
        if dead:
            await letters.bury(connection, dead, work.book)
        if dead and announce:
            # Whatever key a record came with: versions of one key are counted by one transaction at a time.
            await work.lock(exclusive={f"rejected:{_key_of(taken.record)}" for taken, _ in dead})
            for taken, verdict in dead:
                self._announce(work, taken, verdict)
        if held:
            await letters.hold(connection, held, work.book)
        amended = {
            taken.uid: str(verdict.disposition)
            for taken, verdict in others
            # A record that could not be read was not taken in: under its id stands another that was.
            if taken.uid is not None and taken.outcome.sha is not None and _first(verdict)
        }
        await inbox.amend(connection, amended)

    def _announce(self, work: Work, taken: Taken, verdict: Verdict) -> None:
        """Say that a record was rejected, under the key it came with; the record's place is the cause."""
        record = taken.record
        cause = Cause("record", f"{record.topic}/{record.partition}/{record.offset}")
        notice = _notice(taken, verdict)
        work.stage(topics.EVENT_REJECTED[self._service], notice, cause=cause, key=_key_of(record))


_CONTRADICTION = Verdict(
    Disposition.DEAD, ReasonClass.CONFLICT, "conflicting-event", "this event id was used before for other content"
)


def _key_of(record: Record) -> str:
    """Return the key under which the rejection of a record is said: its own, as far as it can be stored."""
    return storable((record.key or b"").decode(errors="replace"))[:64]


def _is_dead(verdict: Verdict) -> bool:
    """Whether a verdict makes a dead letter."""
    return verdict.disposition is Disposition.DEAD


def _first(verdict: Verdict) -> bool:
    """A repeat or a contradiction leaves the disposition of the first arrival as it is."""
    return verdict is not _DUPLICATE and verdict is not _CONTRADICTION


def _rejected(record: Record, rejection: Rejection) -> Verdict:
    """Return the verdict on a record that could not be decoded; a tombstone says nothing that is not known."""
    if record.value is None and topics.forgets(record.topic):
        return _DUPLICATE
    kind = ReasonClass.UNDECODABLE if rejection.reason in _UNREADABLE else ReasonClass.INVALID
    return Verdict(Disposition.DEAD, kind, str(rejection.reason), rejection.detail, rejection.field)


def _version_verdict(event: Event[EventData], current: int) -> Verdict | None:
    """Behind is a duplicate, ahead is held; a compacted topic may have lost versions and only goes forward."""
    assert event.aggver is not None
    if event.aggver <= current:
        return Verdict(Disposition.DUPLICATE)
    if event.aggver == current + 1 or topics.BY_TOPIC[event.topic].retention is topics.Retention.COMPACTED:
        return None
    needs = streams.version_name((event.topic, event.key), event.aggver - 1)
    return Verdict(Disposition.HELD, needs=needs)


def _arrival(item: Taken) -> inbox.Arrival:
    """Return what the inbox notes of a readable event."""
    outcome, record = item.outcome, item.record
    assert outcome.uid is not None
    assert outcome.sha is not None
    return inbox.Arrival(
        outcome.uid, outcome.sha, record.topic, outcome.book, outcome.pence, record.partition, record.offset
    )


def _notice(taken: Taken, verdict: Verdict) -> EventRejected:
    """Return the event that says what was rejected and why, without its content."""
    outcome, record = taken.outcome, taken.record
    event_id = outcome.id if isinstance(outcome, Event) else outcome.event_id
    return EventRejected(
        topic=record.topic, partition=record.partition, offset=record.offset, event_id=event_id,
        reason=verdict.reason, detail=verdict.detail,
    )  # fmt: skip
