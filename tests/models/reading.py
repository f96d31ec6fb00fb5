"""Claim, fence and batch as a model: two processes, two partitions, and every crash and lost answer between them.

Each step is one statement or one transaction of the product, with the same condition:

``claim``    ``positions.claim``: waits for the row's lock, then epoch + 1, and where to go on
``poll``     ``Continuity.admit``: only records from the expected offset on, whatever Kafka delivers
``fence``    ``positions.fence``: waits for the row's lock, then ``epoch = :mine and next_offset = :start``, else forget
``apply``    ``inbox.claim``: what is not in the inbox is applied; waits for another's row, and fails by its key
``commit``   position, inbox and effect at once; the answer may be lost: ``Pump.run`` tries the same batch again
``crash``    the transaction is rolled back and the process knows nothing any more
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

LOGS: tuple[tuple[int, ...], ...] = ((1, 2, 3), (2,))
"""The events of each partition, by offset; event 2 was sent twice, to both."""

MOST_CLAIMS = 2
MOST_LOST_ANSWERS = 1


@dataclass(frozen=True)
class Guards:
    """The product's conditions; a model without one of them must be found wrong."""

    fence_epoch: bool = True
    fence_start: bool = True
    inbox: bool = True
    continuity: bool = True


class Row(NamedTuple):
    """One row of ``msg.position``; ``locked``: the process whose open transaction holds it, or -1."""

    next: int = 0
    epoch: int = 0
    locked: int = -1


class Process(NamedTuple):
    """What one process has in memory; ``stage``: idle, claimed, polled, fenced, applied."""

    stage: str = "idle"
    lane: int = 0
    epoch: int = 0
    expected: int = 0
    first: int = 0
    last: int = 0
    new: tuple[int, ...] = ()


class State(NamedTuple):
    """Both processes and the database; ``effects`` and ``batches`` in the order of their commits."""

    rows: tuple[Row, ...] = (Row(),) * len(LOGS)
    processes: tuple[Process, ...] = (Process(), Process())
    effects: tuple[int, ...] = ()
    batches: tuple[tuple[int, int, int], ...] = ()
    lost: int = 0


def steps(guards: Guards) -> Callable[[State], Iterator[tuple[str, State]]]:
    """Return all steps that may follow a state."""

    def following(state: State) -> Iterator[tuple[str, State]]:
        for number, process in enumerate(state.processes):
            for name, after in _STAGES[process.stage](state, number, process, guards):
                yield f"{number}: {name}", after
            if process.stage != "idle":
                yield f"{number}: crash", _put(_unlocked(state, number), number, Process())

    return following


def _put(state: State, number: int, process: Process) -> State:
    processes = list(state.processes)
    processes[number] = process
    return state._replace(processes=tuple(processes))


def _row(state: State, lane: int, row: Row) -> State:
    rows = list(state.rows)
    rows[lane] = row
    return state._replace(rows=tuple(rows))


def _unlocked(state: State, number: int) -> State:
    rows = (row._replace(locked=-1) if row.locked == number else row for row in state.rows)
    return state._replace(rows=tuple(rows))


def _claim(state: State, number: int, _process: Process, _guards: Guards) -> Iterator[tuple[str, State]]:
    for lane, row in enumerate(state.rows):
        if row.locked == -1 and row.epoch < MOST_CLAIMS:
            claimed = row._replace(epoch=row.epoch + 1)
            memory = Process("claimed", lane, claimed.epoch, claimed.next)
            yield f"claim {lane}", _put(_row(state, lane, claimed), number, memory)


def _poll(state: State, number: int, process: Process, guards: Guards) -> Iterator[tuple[str, State]]:
    end = len(LOGS[process.lane])
    for first in range(end):
        for last in range(first + 1, end + 1):
            if first == process.expected or not guards.continuity:
                polled = process._replace(stage="polled", first=first, last=last)
                yield f"poll {first}..{last}", _put(state, number, polled)


def _fence(state: State, number: int, process: Process, guards: Guards) -> Iterator[tuple[str, State]]:
    row = state.rows[process.lane]
    if row.locked != -1:
        return
    mine = row.epoch == process.epoch or not guards.fence_epoch
    here = row.next == process.expected or not guards.fence_start
    if mine and here:
        locked = _row(state, process.lane, row._replace(locked=number))
        yield "fence", _put(locked, number, process._replace(stage="fenced"))
    else:
        yield "fenced off", _put(state, number, Process())


def _apply(state: State, number: int, process: Process, guards: Guards) -> Iterator[tuple[str, State]]:
    uids = dict.fromkeys(LOGS[process.lane][process.first : process.last])
    new = tuple(uid for uid in uids if uid not in state.effects or not guards.inbox)
    yield "apply", _put(state, number, process._replace(stage="applied", new=new))


def _commit(state: State, number: int, process: Process, guards: Guards) -> Iterator[tuple[str, State]]:
    polled = process._replace(stage="polled", new=())
    if guards.inbox and set(process.new) & set(state.effects):
        yield "taken by another", _put(_unlocked(state, number), number, polled)
        return
    moved = state.rows[process.lane]._replace(next=process.last, locked=-1)
    batch = (process.lane, process.first, process.last)
    after = _row(state, process.lane, moved)._replace(
        effects=state.effects + process.new, batches=(*state.batches, batch)
    )
    yield "commit", _put(after, number, process._replace(stage="claimed", expected=process.last, new=()))
    if state.lost < MOST_LOST_ANSWERS:
        yield "commit, answer lost", _put(after._replace(lost=state.lost + 1), number, polled)


_STAGES = {"idle": _claim, "claimed": _poll, "polled": _fence, "fenced": _apply, "applied": _commit}


def wrong(state: State) -> str:
    """Return what must not be: an event or an offset twice, one skipped, or the order of a partition broken."""
    if len(set(state.effects)) != len(state.effects):
        return "an event applied twice"
    for lane, log in enumerate(LOGS):
        read = 0
        for first, last in [batch[1:] for batch in state.batches if batch[0] == lane]:
            if first != read:
                return "an offset applied twice" if first < read else "an offset skipped"
            read = last
        if read != state.rows[lane].next or not set(log[:read]) <= set(state.effects):
            return "a position past what was applied"
    return "" if _in_order(state.effects) else "the order of a partition broken"


def _in_order(effects: tuple[int, ...]) -> bool:
    """Whether the first partition's events, whose key is one, took effect in the order of their offsets.

    Event 2 was also sent to the other partition, as a producer may; so it may come earlier, never later.
    """
    places = {uid: place for place, uid in enumerate(effects)}
    return all(places[before] < places[after] for before, after in ((1, 3), (2, 3)) if after in places)


def done(state: State) -> bool:
    """Whether everything was read."""
    return all(row.next == len(log) for row, log in zip(state.rows, LOGS, strict=True))


def spent(state: State) -> bool:
    """Whether the model has no more claims to give for something unread."""
    return any(row.epoch == MOST_CLAIMS and row.next < len(log) for row, log in zip(state.rows, LOGS, strict=True))
