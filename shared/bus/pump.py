"""Brings decoded records into the database, whatever happens: retried, isolated, or stopped, never lost."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from shared import metrics
from shared.bus import batch_log, gate, intake, outbox, positions
from shared.bus.audit_lines import batch_line, event_lines
from shared.bus.batch import Applier, Outcome
from shared.bus.failures import FailureKind, describe, kind_of, sqlstate_of
from shared.bus.gate import GateClosedError
from shared.bus.lanes import LaneState, fingerprint
from shared.bus.letters import Taken
from shared.bus.positions import FencedError, Lane, Step
from shared.bus.sleeping import sleep_unless
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Disposition, ReasonClass, Verdict, Work
from shared.db.engine import driver
from shared.log_events import LogEvent
from shared.logs import log

_BUG_TRIES = 3
_BLOCKED_AFTER_S = 60


class Limits:
    """When a lane is stopped instead of filling the dead letters (contract.md section 4)."""

    def __init__(self, dead_in_row: int = 50, bugs_in_row: int = 3) -> None:
        self.dead_in_row = dead_in_row
        self.bugs_in_row = bugs_in_row


@dataclass(slots=True)
class Tries:
    """How often the same was tried in vain, and since when."""

    made: int = 0
    bugs: int = 0
    since: float = field(default_factory=time.monotonic)

    def another(self, kind: FailureKind) -> bool:
        """Count a failure; whether to try again: what will pass always, what nobody expected a few times."""
        self.made += 1
        self.bugs += kind is FailureKind.BUG
        return kind is FailureKind.TRANSIENT or (kind is FailureKind.BUG and self.bugs < _BUG_TRIES)


class TripError(Exception):
    """A lane reached its limit inside a batch: the batch is cut after this record and tried again."""

    def __init__(self, last: Taken) -> None:
        super().__init__("quarantine limit reached")
        self.last = last


def lane_of(taken: Taken) -> Lane:
    """Return the lane a record came on."""
    return taken.record.topic, taken.record.partition


class Pump:
    """Applies batches of decoded records for one process; ``reread`` is told which lanes to read again from where."""

    def __init__(self, doors: Doors, applier: Applier, limits: Limits) -> None:
        self._doors = doors
        self._applier = applier
        self._limits = limits
        self.reread: Callable[[Lane, int], None] = lambda _lane, _offset: None
        self.lanes: dict[Lane, LaneState] = {}
        self.stopping = asyncio.Event()
        self.gate_opened = asyncio.Event()
        self._turn = asyncio.Lock()
        self.book: date | None = None

    def stops(self) -> dict[Lane, LogEvent]:
        """Return the lanes whose log is not the one that was read, or has lost records, and what stopped them.

        A lane in quarantine is not among them: it was read up to its position, which the database has.
        """
        return {
            lane: state.stopped
            for lane, state in self.lanes.items()
            if state.stopped not in (None, LogEvent.QUARANTINE_TRIPPED)
        }

    async def run(self, taken: Sequence[Taken]) -> None:
        """Apply records until every one of them is in the database or its lane is no longer ours."""
        todo = list(taken)
        tries = Tries()
        while todo and not self.stopping.is_set():
            todo = [item for item in todo if self._is_ours(item)]
            if not todo:
                return
            try:
                await self._commit(todo)
                return
            except GateClosedError:
                await self._wait_for_gate()
            except FencedError as error:
                self._forget(error.lanes, todo)
            except TripError as error:
                todo = _cut_after(todo, error.last)
            except Exception as error:  # noqa: BLE001 - every failure has an answer, and it is decided here
                if await self._answer(error, todo, tries):
                    return
        for lane, items in groupby(sorted(todo, key=lane_of), key=lane_of):
            self.reread(lane, next(items).record.offset)

    async def _answer(self, error: Exception, todo: Sequence[Taken], tries: Tries) -> bool:
        """Wait and try again, or isolate the record at fault; true when the batch is dealt with."""
        kind = kind_of(error)
        if tries.another(kind):
            await self._back_off(error, todo, tries)
            return False
        if len(todo) == 1:
            await self._bury(todo[0], error, kind)
        else:
            metrics.BISECTS.inc()
            log(LogEvent.BISECT, count=len(todo), error_type=type(error).__name__)
            middle = len(todo) // 2
            await self.run(todo[:middle])
            await self.run(todo[middle:])
        return True

    async def _back_off(self, error: Exception, todo: Sequence[Taken], tries: Tries) -> None:
        """Wait a little longer each time (full jitter, at most 30 s); say so, and louder when it lasts."""
        ceiling = min(30.0, 0.1 * 2 ** min(tries.made, 12))
        blocked = time.monotonic() - tries.since > _BLOCKED_AFTER_S
        event = LogEvent.BLOCKED_PARTITION if blocked else LogEvent.RETRYING
        metrics.RETRIES.labels(str(kind_of(error)), sqlstate_of(error) or "").inc()
        log(event, error=error, detail=describe(error), attempt=tries.made, count=len(todo))
        await sleep_unless(self.stopping, random.uniform(0.02, ceiling))  # noqa: S311 - jitter, not a secret

    async def _commit(self, todo: Sequence[Taken]) -> None:
        """One transaction for the batch; afterwards the lanes' states follow the database."""
        outcome, steps = await self._transact(todo, lambda work: self._applier.decide(work, todo))
        await self._after(outcome, steps)

    async def _transact(
        self,
        todo: Sequence[Taken],
        decide: Callable[[Work], Awaitable[Outcome]],
        verdict: Verdict | None = None,
    ) -> tuple[Outcome, list[Step]]:
        """Fence the lanes, decide, say, note the proof; raises ``TripError`` before anything past a limit commits.

        One strand decides at a time: two that lock accounts for one kind of event after another could each wait for
        the other.  While it stores what it says, and commits, the other begins.
        """
        steps = self._steps(todo)
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._turn)
            began_at = time.monotonic()
            async with self._doors.sessions.begin() as session:
                connection = await driver(session)
                state = await gate.enter(connection)
                self.book = state.book
                await positions.fence(connection, steps)
                work = Work(session, service=self._doors.service, book=state.book, cause=Cause("", ""))
                intake.note_batch(work, steps, verdict)
                outcome = await decide(work)
                outcome.began_at = began_at
                self._check_limits(outcome)
                await turn.aclose()
                outcome.said += await outbox.flush(work)
                took = int((time.monotonic() - began_at) * 1000)
                await batch_log.note(connection, steps, counts_of(outcome), took)
        work.committed()
        return outcome, steps

    def _steps(self, todo: Sequence[Taken]) -> list[Step]:
        """Return each lane's move: from its position to behind the last record."""
        last: dict[Lane, Taken] = {lane_of(item): item for item in todo}
        return [
            Step(
                lane,
                self.lanes[lane].epoch,
                self.lanes[lane].expected,
                item.record.offset + 1,
                fingerprint(item.record.value),
            )
            for lane, item in last.items()
        ]

    async def _after(self, outcome: Outcome, steps: Sequence[Step]) -> None:
        """Follow the commit: lane states, audit lines, whoever waits for progress."""
        for step in steps:
            state = self.lanes[step.lane]
            state.expected, state.last_sha = step.next, step.sha
        self._count_rows(outcome, steps)
        batch_line(outcome, steps)
        event_lines(outcome)
        self._doors.committed()
        for state in self._tripped(steps):
            await self._trip(state)

    def _count_rows(self, outcome: Outcome, steps: Sequence[Step]) -> None:
        """Count how many records in a row each lane of a batch has lost to the dead letters by now."""
        if not outcome.has_dead:
            for step in steps:
                state = self.lanes[step.lane]
                state.dead_in_row = state.bugs_in_row = 0
            return
        for taken, verdict in outcome.verdicts:
            state = self.lanes[lane_of(taken)]
            dead = verdict.disposition is Disposition.DEAD
            state.dead_in_row = state.dead_in_row + 1 if dead else 0
            state.bugs_in_row = state.bugs_in_row + 1 if dead and verdict.reason_class is ReasonClass.BUG else 0

    def _check_limits(self, outcome: Outcome) -> None:
        """Cut the batch where a lane's row of dead letters reaches its limit, if records follow there."""
        if not outcome.has_dead:
            return
        rows = {lane: state.dead_in_row for lane, state in self.lanes.items()}
        last = {lane_of(taken): taken for taken, _ in outcome.verdicts}
        for taken, verdict in outcome.verdicts:
            lane = lane_of(taken)
            rows[lane] = rows[lane] + 1 if verdict.disposition is Disposition.DEAD else 0
            if rows[lane] >= self._limits.dead_in_row and last[lane] is not taken:
                raise TripError(taken)

    def _tripped(self, steps: Sequence[Step]) -> list[LaneState]:
        """Return the lanes of a batch that have reached a limit and are not stopped yet."""
        return [
            state
            for state in (self.lanes[step.lane] for step in steps)
            if state.stopped is None
            and (state.dead_in_row >= self._limits.dead_in_row or state.bugs_in_row >= self._limits.bugs_in_row)
        ]

    async def _trip(self, state: LaneState) -> None:
        """Stop a lane until an operator releases it: it is the sender or the deploy that is wrong."""
        bugs = state.bugs_in_row >= self._limits.bugs_in_row
        reason = (
            f"{state.bugs_in_row} unexpected failures in a row"
            if bugs
            else f"{state.dead_in_row} dead letters in a row"
        )
        await self._stop(state, reason)

    async def _stop(self, state: LaneState, reason: str) -> None:
        """Stop a lane, in the database too, where an operator sees it and lets it go on."""
        await self._note_quarantine(state.lane, reason)
        state.stopped = LogEvent.QUARANTINE_TRIPPED
        log(
            LogEvent.QUARANTINE_TRIPPED,
            topic=state.lane[0],
            partition=state.lane[1],
            offset=state.expected,
            detail=reason,
        )

    async def _note_quarantine(self, lane: Lane, reason: str) -> None:
        """Write the stop down, however long the database is away: a stop in memory only would be released at once."""
        tries = Tries()
        while True:
            try:
                async with self._doors.sessions.begin() as session:
                    await positions.quarantine(await driver(session), lane, reason)
                return
            except Exception as error:  # noqa: BLE001 - written when the database is back
                if self.stopping.is_set():
                    return
                tries.another(kind_of(error))
                await self._back_off(error, [], tries)

    async def _bury(self, item: Taken, error: Exception, kind: FailureKind) -> None:
        """Write the one record that cannot be applied as a dead letter, with its position.

        One that cannot even be that stops its lane: the others go on.
        """
        state, verdict, tries = self.lanes[lane_of(item)], failed(error, kind), Tries()
        while not self.stopping.is_set():
            try:
                outcome, steps = await self._transact(
                    [item], lambda work: self._applier.bury(work, item, verdict), verdict
                )
            except GateClosedError:
                await self._wait_for_gate()
            except FencedError as fenced:
                self._forget(fenced.lanes, [item])
                return
            except Exception as again:  # noqa: BLE001 - what will not pass stops the lane
                if not tries.another(kind_of(again)):
                    await self._stop(state, f"{UNBURIED}: {describe(again)}")
                    return
                await self._back_off(again, [item], tries)
            else:
                await self._after(outcome, steps)
                return

    def _is_ours(self, item: Taken) -> bool:
        """Whether the record's lane is still claimed, running, and the record is what comes next or later."""
        state = self.lanes.get(lane_of(item))
        return state is not None and state.stopped is None and item.record.offset >= state.expected

    def _forget(self, lanes: Sequence[Lane], todo: Sequence[Taken]) -> None:
        """Another process owns these lanes: drop what we know and read them again from the batch's first record."""
        for lane in lanes:
            self.lanes.pop(lane, None)
            first = next((item.record.offset for item in todo if lane_of(item) == lane), None)
            metrics.FENCED.inc()
            log(LogEvent.FENCED, topic=lane[0], partition=lane[1], offset=first)
            if first is not None:
                self.reread(lane, first)

    async def _wait_for_gate(self) -> None:
        """Wait until the day is closed; another process may be the one that closes it, so look again soon."""
        self.gate_opened.clear()
        await sleep_unless(self.gate_opened, 0.02)


UNEXPECTED, REFUSED = FAILURES = ("unexpected-failure", "refused-by-database")
"""The reasons of letters that no rule refused: what could not be applied then may be applied by mended code."""


UNBURIED = "not even a dead letter could be written"


def failed(error: BaseException, kind: FailureKind) -> Verdict:
    """Return the verdict on a record that cannot be applied although no rule refuses it."""
    if kind is FailureKind.BUG:
        return Verdict(Disposition.DEAD, ReasonClass.BUG, UNEXPECTED, describe(error))
    return Verdict(Disposition.DEAD, ReasonClass.INVALID, REFUSED, describe(error))


def counts_of(outcome: Outcome) -> defaultdict[Lane, Counter[Disposition]]:
    """Return the dispositions of a batch by lane."""
    counts: defaultdict[Lane, Counter[Disposition]] = defaultdict(Counter)
    for taken, verdict in outcome.verdicts:
        counts[lane_of(taken)][verdict.disposition] += 1
    return counts


def _cut_after(todo: Sequence[Taken], last: Taken) -> list[Taken]:
    """Return the batch without what follows ``last`` on its lane."""
    lane, offset = lane_of(last), last.record.offset
    return [item for item in todo if lane_of(item) != lane or item.record.offset <= offset]
