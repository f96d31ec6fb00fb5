"""Outbox, lease and relay as a model: two processes, two keys, and every way in which one may die, freeze or be ousted.

Each step is one statement of the product, or one thing that the network does:

``say``      a transaction commits an event: the order of numbers is that of commits for one key, not between keys
``lead``     ``relay._LOCK`` and ``_ELECT``: the lock is free, epoch + 1
``page``     ``relay._PAGE``: the lowest numbers pending
``send``     ``parcels.send_page``: handed to the producer in order
``arrive``   the broker appends the next record of a producer; one that was abandoned may still send a little
``mark``     ``relay._FORGET``: when all of the page has arrived, and ``epoch = :mine``
``oust``     ``relay._OUST``: the holder froze; it loses its connection, hence the lock, but not its producer
``crash``    the process ends: lock and producer are gone, what is on the way may arrive or not
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

KEYS = {1: "a", 2: "b", 3: "a"}
"""The events by number, with their keys."""

PAGE = 2
MOST_ELECTIONS = 3


@dataclass(frozen=True)
class Guards:
    """The product's conditions; a model without one of them must be found wrong."""

    lowest_pending: bool = True  # else a cursor: numbers above the last one sent
    mark_after_all: bool = True
    in_order: bool = True  # within one producer: a record that is lost takes all behind it along


class Process(NamedTuple):
    """A relay: whether it leads (has its connection), under which epoch, its page, and what was handed over."""

    leads: bool = False
    connected: bool = False
    epoch: int = 0
    page: tuple[int, ...] = ()
    sent: int = 0


class State(NamedTuple):
    """Processes, database and broker; ``wires``: what each producer, also abandoned ones, still has to send.

    ``log`` has first arrivals only: later ones are duplicates to every hearer.
    """

    said: frozenset[int] = frozenset()
    pending: frozenset[int] = frozenset()
    holder: int = -1
    epoch: int = 0
    cursor: int = 0
    processes: tuple[Process, ...] = (Process(), Process())
    wires: tuple[tuple[int, tuple[int, ...]], ...] = ()
    log: tuple[int, ...] = ()


def steps(guards: Guards) -> Callable[[State], Iterator[tuple[str, State]]]:
    """Return all steps that may follow a state."""

    def following(state: State) -> Iterator[tuple[str, State]]:
        yield from _say(state)
        yield from _arrive(state, guards)
        for number, process in enumerate(state.processes):
            for name, after in _of_process(state, number, process, guards):
                yield f"{number}: {name}", after

    return following


def _say(state: State) -> Iterator[tuple[str, State]]:
    for number, key in KEYS.items():
        before = {other for other in KEYS if other < number and KEYS[other] == key}
        if number not in state.said and before <= state.said:
            yield f"say {number}", state._replace(said=state.said | {number}, pending=state.pending | {number})


def _arrive(state: State, guards: Guards) -> Iterator[tuple[str, State]]:
    for place, (epoch, wire) in enumerate(state.wires):
        for head in range(1 if guards.in_order else len(wire)):
            rest = wire[:head] + wire[head + 1 :]
            log = state.log if wire[head] in state.log else (*state.log, wire[head])
            yield f"arrive {wire[head]}", _wired(state, place, epoch, rest)._replace(log=log)
        if all(process.epoch != epoch or not process.leads for process in state.processes):
            yield f"lose {wire}", _wired(state, place, epoch, ())


def _wired(state: State, place: int, epoch: int, wire: tuple[int, ...]) -> State:
    """Return the state with one producer's wire replaced; an empty one is dropped."""
    changed = (*state.wires[:place], *([(epoch, wire)] if wire else []), *state.wires[place + 1 :])
    return state._replace(wires=changed)


def _of_process(state: State, number: int, process: Process, guards: Guards) -> Iterator[tuple[str, State]]:
    if not process.leads:
        if state.holder == -1 and state.epoch < MOST_ELECTIONS:
            elected = state._replace(holder=number, epoch=state.epoch + 1)
            yield "lead", _put(elected, number, Process(leads=True, connected=True, epoch=elected.epoch))
        return
    yield "crash", _put(_released(state, number), number, Process())
    if process.connected:
        yield "oust", _put(_released(state, number), number, process._replace(connected=False))
    if process.sent < len(process.page):
        yield "send", _send(state, number, process)
    elif process.page and (_arrived(state, process) or not guards.mark_after_all):
        yield "mark", _mark(state, number, process)
    elif not process.page and process.connected and (page := _page(state, guards)):
        moved = state if guards.lowest_pending else state._replace(cursor=max(page))
        yield f"page {page}", _put(moved, number, process._replace(page=page, sent=0))


def _put(state: State, number: int, process: Process) -> State:
    processes = list(state.processes)
    processes[number] = process
    return state._replace(processes=tuple(processes))


def _released(state: State, number: int) -> State:
    return state._replace(holder=-1) if state.holder == number else state


def _page(state: State, guards: Guards) -> tuple[int, ...]:
    there = state.pending if guards.lowest_pending else {seq for seq in state.pending if seq > state.cursor}
    return tuple(sorted(there)[:PAGE])


def _send(state: State, number: int, process: Process) -> State:
    seq = process.page[process.sent]
    wires = dict(state.wires)
    wires[process.epoch] = (*wires.get(process.epoch, ()), seq)
    return _put(state._replace(wires=tuple(sorted(wires.items()))), number, process._replace(sent=process.sent + 1))


def _arrived(state: State, process: Process) -> bool:
    """Whether nothing of the page is on the way: the broker has acknowledged it."""
    return process.epoch not in dict(state.wires)


def _mark(state: State, number: int, process: Process) -> State:
    """Without its connection, or under an old epoch, a relay forgets nothing and stands by."""
    if not process.connected or state.epoch != process.epoch:
        return _put(_released(state, number), number, Process())
    forgotten = state._replace(pending=state.pending - set(process.page))
    return _put(forgotten, number, process._replace(page=(), sent=0))


def wrong(state: State) -> str:
    """Return what must not be: an event forgotten that never arrived, or first arrivals of a key out of order."""
    if not state.said - state.pending <= set(state.log):
        return "an event forgotten that the broker does not have"
    for key in set(KEYS.values()):
        arrived = [seq for seq in state.log if KEYS[seq] == key]
        expected = [seq for seq in KEYS if KEYS[seq] == key]
        if arrived != expected[: len(arrived)]:
            return "first arrivals of a key out of order"
    return ""


def spent(state: State) -> bool:
    """Whether the model has no more elections to give: nobody leads, and nobody will."""
    leading = any(process.connected and process.epoch == state.epoch for process in state.processes)
    return state.epoch == MOST_ELECTIONS and not leading


def done(state: State) -> bool:
    """Whether everything was said, has arrived and is forgotten."""
    return state.said == set(KEYS) and not state.pending and not state.wires
