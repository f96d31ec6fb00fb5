"""Billing's work of a day, in slices: floats, and who carries what was given up; statements, where any are issued or
struck; final accounts; mandates that the bank ended; reliefs that people ended; debts that are nearly prescribed;
annual statements that officers asked for; schedules.
"""

from collections.abc import Sequence
from datetime import date

from services.billing.db import suspense
from services.billing.domain.floats import Newcomer
from services.billing.usecases import (
    annual_statements,
    ended_by_bank,
    final_accounts,
    floats,
    instalments,
    prescription,
    redistribution,
    relief_ends,
    statement_runs,
)
from services.billing.usecases.prescription import Aged
from shared.bus.day import DaySlice
from shared.bus.work import Work
from shared.db.engine import driver, question
from shared.log_events import LogEvent
from shared.logs import log

SLICE = 500
"""Accounts in one transaction of the statement run."""

PATIENCE_DAYS = 14
"""A charge that still waits in suspense after so many closed days is an alert (contract.md 4)."""


async def work_day(piece: DaySlice) -> None:
    """Do the next slice of the day's work; the progress is the last account, later the last unit, that had its turn."""
    if piece.progress.startswith(annual_statements.PROGRESS):
        await annual_statements.issue_slice(piece, await _schedules_begin(piece))
        return
    if piece.progress.startswith(instalments.PROGRESS):
        await instalments.raise_slice(piece)
        return
    begins = not piece.progress or piece.progress.startswith(floats.PROGRESS)
    come = await _newcomers(piece) if begins else ()
    if len(come) == SLICE:
        async with piece.open(f"{floats.PROGRESS}{come[-1].account.account_ref}") as work:
            await floats.ask(work, come)
        return
    await _statements(piece, come, begins=begins)


async def _newcomers(piece: DaySlice) -> Sequence[Newcomer]:
    """Return the next owners who are asked for a float."""
    async with question(piece.sessions) as connection:
        last = piece.progress.removeprefix(floats.PROGRESS)
        return await floats.newcomers(connection, _closed(piece), piece.day, last, SLICE)


async def _statements(piece: DaySlice, come: Sequence[Newcomer], *, begins: bool) -> None:
    """Issue or strike the next statements: behind the last floats in the first slice, before all else in the last."""
    async with question(piece.sessions) as connection:
        duty = await statement_runs.duty_on(connection, piece.day)
        payers = await statement_runs.payers_of(connection, duty, "" if begins else piece.progress, SLICE)
    following = payers[-1].account_id if len(payers) == SLICE else None
    after = following or await annual_statements.first_slice(piece.sessions) or await _schedules_begin(piece)
    aged = await prescription.come_of_age(piece.sessions, _closed(piece), piece.day) if following is None else None
    async with piece.open(after) as work:
        if begins:
            await floats.settle(work, _closed(piece))
            await redistribution.follow_shares(work)
            await floats.ask(work, come)
        await statement_runs.work_slice(work, duty, piece.day, payers, is_last=following is None)
        waiting = await _end_statements(work, piece, aged) if aged is not None else 0
    if waiting:
        log(LogEvent.HELD_TOO_LONG, day=piece.day.isoformat(), kind="charges", count=waiting)


async def _end_statements(work: Work, piece: DaySlice, aged: Aged) -> int:
    """Do what comes once a day, behind its statements; return how many charges have waited too long."""
    await final_accounts.issue(work, piece.day)
    await redistribution.settle(work)
    await ended_by_bank.tell(work)
    await relief_ends.tell(work)
    prescription.tell(work, aged)
    return await _count_waiting(work, piece)


def _closed(piece: DaySlice) -> date:
    return piece.state.last_closed or date.min


async def _schedules_begin(piece: DaySlice) -> str | None:
    """Return the progress from which schedules have their turn, if any can raise anything."""
    async with question(piece.sessions) as connection:
        return await instalments.first_slice(connection, _closed(piece), piece.day)


async def _count_waiting(work: Work, piece: DaySlice) -> int:
    """Return how many charges have waited too long; they wait on, and are never dropped."""
    learnt_by = piece.state.book_before(piece.day, PATIENCE_DAYS)
    return await suspense.count_waiting_charges(await driver(work.session), learnt_by)
