"""The day gate: batches and staff commands pass it together, the working of a day passes alone."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import asyncpg

from shared.bus.work import OPENING_BOOK

_STATE = "select working, stage, progress, last_closed, first_ended from msg.gate"
# A row lock that is shared is shared with whoever comes, also past a day that waits for it.  Who waits for an advisory
# lock waits in line, so a day gets in however many batches overlap (docs/decisions/0041).
_NAME = "hashtextextended('closebook gate', 0)"
# All in the one row: a waiter for the row lock re-reads the row, but nothing else, when it gets in.
_ENTER = f"""
with line as materialized (select pg_advisory_xact_lock_shared({_NAME}))
select working, stage, progress, last_closed, first_ended from msg.gate, line for share of gate
"""  # noqa: S608 - ours
_SHUT = f"""
with line as materialized (select pg_advisory_xact_lock({_NAME}))
update msg.gate set working = $1, stage = 'working', progress = '' from line
where working is null and (last_closed is null or last_closed < $1)
"""  # noqa: S608 - ours


class GateClosedError(Exception):
    """A day is being worked: nothing else is applied until it is closed."""


@dataclass(frozen=True, slots=True)
class GateState:
    """Where the service stands in the days."""

    working: date | None
    stage: str
    progress: str
    last_closed: date | None
    first_ended: date | None

    @property
    def book(self) -> date:
        """The book that is being written: the day after the last one closed."""
        if self.last_closed is not None:
            return self.last_closed + timedelta(days=1)
        return self.first_ended or OPENING_BOOK

    def book_before(self, day: date, closed_days: int) -> date:
        """Return the last book after which so many days were closed when ``day`` is.

        What was learnt before the first day ended counts as learnt on that day; ``date.min``: there is no such book.
        """
        book = day - timedelta(days=closed_days)
        return date.min if self.first_ended is not None and book < self.first_ended else book


async def read(connection: asyncpg.Connection) -> GateState:
    """Return the gate's state without holding it."""
    return await _state(connection, _STATE)


async def enter(connection: asyncpg.Connection) -> GateState:
    """Pass the gate with others until this transaction ends; raises ``GateClosedError`` while a day is being worked."""
    state = await _state(connection, _ENTER)
    if state.working is not None:
        raise GateClosedError
    return state


async def _state(connection: asyncpg.Connection, query: str) -> GateState:
    """Return the one row."""
    row = await connection.fetchrow(query)
    assert row is not None, "msg.gate has no row: the database was not migrated"
    return GateState(**dict(row))


async def shut(connection: asyncpg.Connection, day: date) -> None:
    """Start working ``day``: waits for whoever is inside, then lets nobody in.

    Raises ``GateClosedError`` when another process has gone on with the days meanwhile.
    """
    done = await connection.execute(_SHUT, day)
    if done != "UPDATE 1":
        raise GateClosedError


async def advance(connection: asyncpg.Connection, state: GateState, progress: str | None) -> GateState:
    """Note a slice's progress in the slice's own transaction; ``None`` means that the last slice is done."""
    ahead = replace(state, progress=progress or "", stage="draining" if progress is None else "working")
    done = await connection.execute(
        "update msg.gate set progress = $2, stage = $3 where working = $1 and stage = 'working' and progress = $4",
        state.working, ahead.progress, ahead.stage, state.progress,
    )  # fmt: skip
    if done != "UPDATE 1":
        raise GateClosedError
    return ahead


async def reopen(connection: asyncpg.Connection, day: date) -> None:
    """Let batches and commands in again after ``day`` was closed."""
    done = await connection.execute(
        "update msg.gate set working = null, stage = 'open', progress = '', last_closed = $1 "
        "where working = $1 and stage = 'draining'",
        day,
    )
    if done != "UPDATE 1":
        raise GateClosedError
