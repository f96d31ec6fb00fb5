"""Applies a dead letter again inside its service, through the same handlers, in one transaction with its new status."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import gate, letters, outbox
from shared.bus.batch import Applier
from shared.bus.commands import Given, record
from shared.bus.letters import Taken
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Disposition, Verdict, Work
from shared.db.engine import driver
from shared.events.decode import decode

_LOCK = "select * from msg.dead_letter where id = $1 for update"
_DECIDE = """
update msg.dead_letter set status = 'replayed', attempts = attempts + 1, last_attempt = now(), decided_by = $2,
  decision_note = $3 where id = $1
"""

APPLIED = frozenset({"done", "duplicate", "held"})
"""The outcomes that settle a dead letter."""


class NotOpenError(LookupError):
    """There is no such dead letter, or it was decided before."""


class BusRedriver:
    """Redrives dead letters of one service; doing it twice does no harm."""

    def __init__(self, doors: Doors, applier: Applier) -> None:
        self._doors = doors
        self._applier = applier

    async def redrive(self, dead_letter_id: int, given: Given, *, dry_run: bool = False) -> str:
        """Apply one open dead letter again; returns ``done``, ``duplicate``, ``held`` or the reason it is still dead.

        What takes effect is recorded as a command; ``dry_run`` undoes everything.  Raises ``NotOpenError`` when it is
        not open, and the failure itself when applying it fails.
        """
        async with self._doors.sessions.begin() as session:
            outcome, work = await self._redrive(session, dead_letter_id, given)
            if dry_run:
                await session.rollback()
        if not dry_run:
            work.committed()
            self._doors.committed()
        return outcome

    async def _redrive(self, session: AsyncSession, number: int, given: Given) -> tuple[str, Work]:
        connection = await driver(session)
        state = await gate.enter(connection)
        row = await connection.fetchrow(_LOCK, number)
        if row is None or row["status"] != "open":
            raise NotOpenError(f"There is no open dead letter {number}.")
        work = Work(session, service=self._doors.service, book=state.book, cause=Cause("", ""))
        verdict = await self._again(work, row)
        if verdict.disposition is Disposition.DEAD:
            return verdict.reason, work
        outcome = verdict.disposition.name.lower()
        await connection.execute(_DECIDE, number, given.who, given.why)
        # Not the number: it is this database's own, and the record must come out the same in one restored from before.
        answer = {"outcome": outcome, "place": letters.place_of(row)}
        await record(connection, work, given, answer)
        await outbox.flush(work)
        return outcome, work

    async def _again(self, work: Work, row: asyncpg.Record) -> Verdict:
        """Decode the kept bytes with today's code and apply them."""
        record = letters.record_of(row)
        return await self._applier.redo(work, Taken(record, decode(record)))
