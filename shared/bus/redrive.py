"""Applies a dead letter again inside its service, through the same handlers, in one transaction with its new status."""

import asyncpg

from shared.bus import gate, letters
from shared.bus.batch import Applier
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


class NotOpenError(LookupError):
    """There is no such dead letter, or it was decided before."""


class BusRedriver:
    """Redrives dead letters of one service; doing it twice does no harm."""

    def __init__(self, doors: Doors, applier: Applier) -> None:
        self._doors = doors
        self._applier = applier

    async def redrive(self, dead_letter_id: int, who: str = "", why: str = "") -> str:
        """Apply one open dead letter again; returns ``done``, ``dup``, ``held`` or the reason it is still dead.

        Raises ``NotOpenError`` when it is not open, and the failure itself when applying it fails.
        """
        async with self._doors.sessions.begin() as session:
            connection = await driver(session)
            state = await gate.enter(connection)
            row = await connection.fetchrow(_LOCK, dead_letter_id)
            if row is None or row["status"] != "open":
                raise NotOpenError(dead_letter_id)
            verdict = await self._again(
                Work(session, service=self._doors.service, book=state.book, cause=Cause("", "")), row
            )
            if verdict.disposition is not Disposition.DEAD:
                await connection.execute(_DECIDE, dead_letter_id, who, why)
        self._doors.committed()
        return verdict.reason if verdict.disposition is Disposition.DEAD else verdict.disposition.name.lower()

    async def _again(self, work: Work, row: asyncpg.Record) -> Verdict:
        """Decode the kept bytes with today's code and apply them."""
        record = letters.record_of(row)
        return await self._applier.redo(work, Taken(record, decode(record)))
