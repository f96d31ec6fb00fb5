"""The day gate at work: waits for a day's cuts, works it in slices, drains what it said, and says that it is closed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import asyncpg

from shared.bus import days, gate, outbox, positions
from shared.bus.cuts import Cuts
from shared.bus.gate import GateState
from shared.bus.kinds import EVERY_TOPIC
from shared.bus.latecomers import Latecomers
from shared.bus.positions import Lane
from shared.bus.pump import sleep_unless
from shared.bus.purging import Purge, purge
from shared.bus.relay import Relay
from shared.bus.transaction import Doors, Sessions
from shared.bus.waiting import DIFFERS, Waiting
from shared.bus.work import Cause, Work
from shared.db.engine import driver, question
from shared.events.calendar import DayClosed
from shared.events.topics import DAY_CLOSED, LINE_OF_SERVICES, heard_by, said_by
from shared.log_events import LogEvent
from shared.logs import log

_LOOK_EVERY_S = 0.25
_STALLED_S = 0.1
_HELD_ALERT_DAYS = 14
_ACCEPTED = "select topic from msg.accepted_difference where day = $1"


@dataclass(frozen=True)
class DaySlice:
    """One slice of a day's work: read what you like through ``sessions``, then open exactly one transaction."""

    state: GateState
    sessions: Sessions
    _open: Callable[[str | None], "AsyncIterator[Work]"]

    @property
    def day(self) -> date:
        """The day that is being worked."""
        assert self.state.working is not None
        return self.state.working

    @property
    def progress(self) -> str:
        """What the slice before this one stored; empty for the first."""
        return self.state.progress

    @asynccontextmanager
    async def open(self, next_progress: str | None) -> AsyncIterator[Work]:
        """Open the slice's transaction; it stores ``next_progress`` with the effect, ``None`` after the last slice."""
        async with asynccontextmanager(self._open)(next_progress) as work:
            yield work


Wrong = Mapping[str, tuple[object, object]]
"""By topic, what a service before us says it said and what our inbox has of it."""

DayWork = Callable[[DaySlice], Awaitable[None]]
"""What a service does in a day's work, slice by slice."""


async def nothing_to_do(piece: DaySlice) -> None:
    """Finish the day in one empty slice: the work of a service none of whose rules depends on a day passing."""
    async with piece.open(None):
        pass


class DayGate:
    """Closes one service's days, one after the other, in the process whose relay leads.

    ``purges`` is what a close blanks; a day that is worked again to rebuild or restore a database blanks nothing, for
    what is blanked belongs to the clock and not to the books: the next day that is closed live does all that is due.
    """

    def __init__(
        self,
        doors: Doors,
        relay: Relay,
        cuts: Cuts,
        late: Latecomers,
        day_work: DayWork,
        on_closed: Callable[[], None],
        purges: Sequence[Purge] = (),
    ) -> None:
        self._doors = doors
        self._late = late
        self._relay = relay
        self._cuts = cuts
        self._day_work = day_work
        self._on_closed = on_closed
        self._purges = purges
        self._hears = {channel.topic for channel in heard_by(doors.service)}
        self._upstream = [
            name
            for name in LINE_OF_SERVICES[: LINE_OF_SERVICES.index(doors.service)]
            if any(topic.startswith(f"{name}.") for topic in self._hears)
        ]
        self._proven: dict[Lane, int] = {}
        self._ahead: GateState
        self._moved_at: dict[Lane, tuple[int, float]] = {}
        self.wake = asyncio.Event()
        self.stopping = asyncio.Event()
        self._waiting = Waiting()

    @property
    def waiting_for(self) -> str:
        """What the next day waits for, in words; empty: for nothing, or it has not ended."""
        return self._waiting.reason

    async def run(self) -> None:
        """Close days as they become ready, woken by commits; look again four times a second in any case."""
        while not self.stopping.is_set():
            self.wake.clear()
            try:
                moved = self._relay.leads and await self._step()
            except gate.GateClosedError:
                moved = False
            except Exception as error:  # noqa: BLE001 - broker or database away: the day goes on where it stands
                log(LogEvent.DAY_RETRYING, error_type=type(error).__name__)
                moved = False
                await sleep_unless(self.stopping, _LOOK_EVERY_S)
            if not moved:
                await sleep_unless(self.wake, _LOOK_EVERY_S)

    async def _step(self) -> bool:
        """Bring the current day as far as it goes; false when there is nothing to do but wait."""
        async with question(self._doors.sessions) as connection:
            state = await gate.read(connection)
        if state.working is None:
            started = await self._start(state)
            if started is None:
                return False
            state = started
        await self._finish(state)
        return True

    async def work_through(self, day: date) -> None:
        """Work and close ``day`` at once, or finish it: whoever calls knows that all it would wait for is here."""
        await self._close(await self.work(day))

    async def work(self, day: date) -> GateState:
        """Work ``day`` at once to its last slice, or finish that; it stays shut until it is closed."""
        async with question(self._doors.sessions) as connection:
            state = await gate.read(connection)
            if state.working is None:
                await gate.shut(connection, day)
                state = replace(state, working=day, stage="working", progress="")
        return await self._work(state)

    async def _finish(self, state: GateState) -> None:
        """Work the day that is under way to its end, slice by slice, and close it."""
        await self._close(await self._work(state))

    async def _work(self, state: GateState) -> GateState:
        """Work the day that is under way to its last slice."""
        while state.stage == "working":
            state = await self._work_slice(state)
        return state

    async def _start(self, state: GateState) -> GateState | None:
        """Shut the gate for the next day if everything it waits for is here; ``None``: it is not."""
        day = state.last_closed + timedelta(days=1) if state.last_closed else state.first_ended
        if day is None:
            return None
        async with question(self._doors.sessions) as connection:
            reason = await self._missing(connection, day)
            if reason is not None:
                self._waiting.note(day, reason)
                return None
            await gate.shut(connection, day)
        log(LogEvent.DAY_STARTED, day=day.isoformat(), waited_ms=self._waiting.over(day))
        return replace(state, working=day, stage="working", progress="")

    async def _missing(self, connection: asyncpg.Connection, day: date) -> str | None:
        """Return what ``day`` still waits for: its end, the services before us, their records, their totals."""
        cut = await days.cut_of(connection, day)
        if cut is None:
            return ""
        closed = {name: await days.upstream(connection, name, day) for name in self._upstream}
        for name, answer in closed.items():
            if answer is None:
                return f"{name} to close {day}"
            cut |= answer[0]
        unread = await self._unread(connection, {lane: end for lane, end in cut.items() if lane[0] in self._hears})
        if unread is not None:
            return unread
        expected: days.Totals = {}
        for answer in closed.values():
            assert answer is not None
            expected |= {topic: total for topic, total in answer[1].items() if topic in self._hears and total.events}
        return await self._differences(connection, day, expected)

    async def _unread(self, connection: asyncpg.Connection, cut: Mapping[Lane, int]) -> str | None:
        """Return the first lane that has not been read past its cut."""
        reached = await positions.all_positions(connection)
        for lane, end in cut.items():
            position = reached.get(lane, 0)
            if position < end and self._proven.get(lane, -1) < end and not await self._prove(lane, position, end):
                return f"{lane[0]} partition {lane[1]}: {end - position} to read"
        return None

    async def _prove(self, lane: Lane, position: int, end: int) -> bool:
        """A lane that no longer moves may end in transaction markers: prove it, or keep waiting."""
        seen, since = self._moved_at.get(lane, (-1, 0.0))
        if seen != position:
            self._moved_at[lane] = (position, time.monotonic())
            return False
        if time.monotonic() - since < _STALLED_S or not await self._cuts.is_read(lane, position, end):
            return False
        self._proven[lane] = end
        return True

    async def _differences(self, connection: asyncpg.Connection, day: date, expected: days.Totals) -> str | None:
        """Compare the totals of the services before us with our inbox; note them when they agree."""
        actual = await self._taken_in(connection, day, sorted(expected))
        differ = {topic: (total, actual.get(topic)) for topic, total in expected.items() if actual.get(topic) != total}
        wrong = await self._not_accepted(connection, day, differ) if differ else {}
        if wrong:
            reason = self._report(day, wrong)
            self._waiting.note(day, reason)  # whoever asks is told, also when Kafka does not answer below
            if await self._late.take_in(sorted(wrong), day):
                self.wake.set()  # look again at once
            return reason
        await days.note_checked(connection, day, expected)
        return None

    async def _taken_in(self, connection: asyncpg.Connection, day: date, topics: list[str]) -> days.Totals:
        """Count on from the last totals that agreed: only the inbox rows of later books are counted again."""
        before = await days.checked(connection, topics)
        groups: defaultdict[date, list[str]] = defaultdict(list)
        for topic in topics:
            groups[before[topic][0] if topic in before else date.min].append(topic)
        actual: days.Totals = {topic: total for topic, (_, total) in before.items()}
        for since, members in groups.items():
            actual = days.add(actual, await days.taken_in(connection, members, since, day))
        return {topic: total for topic, total in actual.items() if total.events}

    async def _not_accepted(self, connection: asyncpg.Connection, day: date, wrong: Wrong) -> Wrong:
        """Return the differences that no second person has accepted for the day: of their topic, or of all."""
        accepted = {row["topic"] for row in await connection.fetch(_ACCEPTED, day)}
        return {} if EVERY_TOPIC in accepted else {t: both for t, both in wrong.items() if t not in accepted}

    def _report(self, day: date, wrong: Wrong) -> str:
        """Page the difference once and return it as what the day waits for."""
        parts = []
        for topic, (said, heard) in sorted(wrong.items()):
            lacks = getattr(said, "events", 0) - getattr(heard, "events", 0)
            pence = getattr(said, "amount_pence", 0) - getattr(heard, "amount_pence", 0)
            parts.append(f"{topic} book {day}: {lacks} events and {pence} pence differ")
        reason = DIFFERS + "; ".join(parts)
        if reason != self.waiting_for:
            log(LogEvent.DAY_TOTALS_DIFFER, day=day.isoformat(), detail=reason)
        return reason

    async def _work_slice(self, state: GateState) -> GateState:
        """Let the service do one slice of the day's work; return where the day stands then."""
        await self._day_work(DaySlice(state, self._doors.sessions, lambda following: self._slice(state, following)))
        log(LogEvent.DAY_SLICE, day=str(state.working), progress=self._ahead.progress)
        self._doors.committed()
        return self._ahead

    async def _slice(self, state: GateState, following: str | None) -> AsyncIterator[Work]:
        """The transaction of one slice: effect, progress and what is said commit together."""
        assert state.working is not None
        async with self._doors.sessions.begin() as session:
            connection = await driver(session)
            self._ahead = await gate.advance(connection, state, following)
            work = Work(session, service=self._doors.service, book=state.working, cause=_cause(state.working))
            yield work
            await outbox.flush(work)
        work.committed()

    async def _close(self, state: GateState) -> None:
        """Drain what was said up to now, cut through our own topics, and say that the day is closed."""
        day = state.working
        assert day is not None
        await self._drain()
        after = await self._cuts.ends_by_topic(c for c in said_by(self._doors.service) if not c.single)
        async with self._doors.sessions.begin() as session:
            connection = await driver(session)
            last = await days.last_closed(connection)
            own = {c.topic for c in said_by(self._doors.service) if c.totals}
            today = {t: total for t, total in (await days.said(connection, last.day, day)).items() if t in own}
            totals = days.add(last.totals, today)
            await days.note_closed(connection, day, after, totals, last.seq)
            await gate.reopen(connection, day)
            work = Work(session, service=self._doors.service, book=day, cause=_cause(day))
            closed = DayClosed(day=day, after={t: tuple(o) for t, o in after.items()}, totals=totals)
            work.stage(DAY_CLOSED[self._doors.service], closed)
            await purge(work, day, self._purges)
            await outbox.flush(work)
            long_ago = state.book_before(day, _HELD_ALERT_DAYS)
            held = await connection.fetchval("select count(*) from msg.held where own_book <= $1", long_ago)
        work.committed()
        self._doors.committed()
        self._on_closed()
        log(LogEvent.DAY_CLOSED, day=day.isoformat())
        if held:
            log(LogEvent.HELD_TOO_LONG, day=day.isoformat(), count=held)

    async def _drain(self) -> None:
        """Wait until the broker has everything that was said: nothing more is, while the gate is shut."""
        if not await self._relay.drain():
            raise gate.GateClosedError


def _cause(day: date) -> Cause:
    """Return what a day's work and its close name as their cause."""
    return Cause("calendar", f"day:{day}")
