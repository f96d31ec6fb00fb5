"""Billing's work of a day: on the first day of a quarter the statement run, in slices; then a look at what waits."""

from services.billing.db import questions
from services.billing.db import statements as stored
from services.billing.db.statements import Payer
from services.billing.domain import statements
from services.billing.usecases.statements import issue
from shared.bus import gate
from shared.bus.day import DaySlice
from shared.db.engine import driver
from shared.log_events import LogEvent
from shared.logs import log

SLICE = 500
"""Accounts in one transaction of the statement run."""

PATIENCE_DAYS = 14
"""A charge that still waits in suspense after so many closed days is an alert (contract.md 4)."""


async def work_day(piece: DaySlice) -> None:
    """Do the next slice of the day's work; the progress is the last account that had its turn."""
    if await _issue_next(piece) is None:
        await _remind(piece)


async def _issue_next(piece: DaySlice) -> str | None:
    """Issue a slice of the day's statements; return the progress, nothing when the day's work is done."""
    payers: list[Payer] = []
    if statements.is_issue_day(piece.day):
        async with piece.sessions() as session:
            payers = await stored.list_payers(await driver(session), piece.progress, SLICE)
    following = payers[-1].account_id if len(payers) == SLICE else None
    async with piece.open(following) as work:
        if payers:
            await issue(work, piece.day, payers)
    return following


async def _remind(piece: DaySlice) -> None:
    """Alert when charges have waited too long; they wait on, and are never dropped."""
    async with piece.sessions() as session:
        connection = await driver(session)
        learnt_by = (await gate.read(connection)).book_before(piece.day, PATIENCE_DAYS)
        count = await questions.count_waiting_charges(connection, learnt_by)
    if count:
        log(LogEvent.HELD_TOO_LONG, day=piece.day.isoformat(), count=count)
