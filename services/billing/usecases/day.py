"""Billing's work of a business day: on the first day of a quarter the statement run, in slices; otherwise nothing."""

from services.billing.db import statements as stored
from services.billing.domain import statements
from services.billing.usecases.statements import issue
from shared.bus.day import DaySlice
from shared.db.engine import driver

SLICE = 500
"""Accounts in one transaction of the statement run."""


async def work_day(piece: DaySlice) -> None:
    """Do the next slice of the day's work; the progress is the last account that had its turn."""
    if not statements.is_issue_day(piece.day):
        async with piece.open(None):
            return
    async with piece.sessions() as session:
        payers = await stored.list_payers(await driver(session), piece.progress, SLICE)
    following = payers[-1].account_id if len(payers) == SLICE else None
    async with piece.open(following) as work:
        await issue(work, piece.day, payers)
