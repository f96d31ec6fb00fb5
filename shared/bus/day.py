"""The day gate at work: works a day in slices when all it waits for is here, drains what it said, says it is closed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from shared.bus import days, gate, outbox
from shared.bus.cuts import Cuts
from shared.bus.failures import describe
from shared.bus.gate import GateState
from shared.bus.latecomers import Latecomers
from shared.bus.prerequisites import Prerequisites, Stops
from shared.bus.purging import Purge, purge
from shared.bus.relay import Relay
from shared.bus.sleeping import sleep_unless
from shared.bus.transaction import Doors, Sessions
from shared.bus.waiting import Waiting
from shared.bus.work import Cause, Work
from shared.db.engine import driver, question
from shared.events.calendar import DayClosed
from shared.events.topics import DAY_CLOSED, said_by
from shared.log_events import LogEvent
from shared.logs import log

_LOOK_EVERY_S = 0.25
_HELD_ALERT_DAYS = 14


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


DayWork = Callable[[DaySlice], Awaitable[None]]
"""What a service does in a day's work, slice by slice."""


async def nothing_to_do(piece: DaySlice) -> None:
    """Finish the day in one empty slice: the work of a service none of whose rules depends on a day passing."""
    async with piece.open(None):
        pass


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often in a row a step of the day has failed, and what failed last: its type, SQLSTATE and place."""

    tries: int
    failed: str


class DayGate:
    """Closes one service's days, one after the other, in the process whose relay leads.

    ``purges`` is what a close blanks; a day that is worked again to rebuild or restore a database blanks nothing, for
    what is blanked belongs to the clock and not to the books: the next day that is closed live does all that is due.
    ``stops`` are the lanes that are not read on: a day waits for them.
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
        stops: Stops = dict,
    ) -> None:
        self._doors = doors
        self._relay = relay
        self._cuts = cuts
        self._day_work = day_work
        self._on_closed = on_closed
        self._purges = purges
        self._ahead: GateState
        self.wake = asyncio.Event()
        self.stopping = asyncio.Event()
        self.retrying: Retrying | None = None
        self._waiting = Waiting()
        self._prerequisites = Prerequisites(doors.service, cuts, late, self._waiting, self.wake, stops)

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
                self.retrying = None
            except gate.GateClosedError:
                moved = False
            except Exception as error:  # noqa: BLE001 - broker or database away: the day goes on where it stands
                self._note_failure(error)
                moved = False
                await sleep_unless(self.stopping, _LOOK_EVERY_S)
            if not moved:
                await sleep_unless(self.wake, _LOOK_EVERY_S)

    def _note_failure(self, error: Exception) -> None:
        """Say that the day is tried again, and keep what failed for whoever asks."""
        self.retrying = Retrying(self.retrying.tries + 1 if self.retrying else 1, describe(error))
        log(LogEvent.DAY_RETRYING, error=error, detail=self.retrying.failed, attempt=self.retrying.tries)

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
            reason = await self._prerequisites.missing(connection, day)
            if reason is not None:
                self._waiting.note(day, reason)
                return None
            await gate.shut(connection, day)
        log(LogEvent.DAY_STARTED, day=day.isoformat(), waited_ms=self._waiting.over(day))
        return replace(state, working=day, stage="working", progress="")

    async def _work_slice(self, state: GateState) -> GateState:
        """Let the service do one slice of the day's work; return where the day stands then."""
        await self._day_work(DaySlice(state, self._doors.sessions, lambda following: self._slice(state, following)))
        self.retrying = None
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
            log(LogEvent.HELD_TOO_LONG, day=day.isoformat(), kind="events", count=held)

    async def _drain(self) -> None:
        """Wait until the broker has everything that was said: nothing more is, while the gate is shut."""
        if not await self._relay.drain():
            raise gate.GateClosedError


def _cause(day: date) -> Cause:
    """Return what a day's work and its close name as their cause."""
    return Cause("calendar", f"day:{day}")
