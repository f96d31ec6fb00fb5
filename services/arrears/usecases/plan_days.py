"""A day's work on plans: look at those whose day has come or whose account has news, before the ladder is climbed."""

from dataclasses import replace

from services.arrears.db import payments
from services.arrears.db import plans as rows
from services.arrears.db.ladder import load_accounts
from services.arrears.domain import plan_days
from services.arrears.domain.account import Account
from services.arrears.domain.plans import STANDING, Plan
from services.arrears.settings import read_plan_policies
from services.arrears.usecases import plan_changes
from shared.bus.day import DaySlice
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver

SLICE = 200
"""Plans in one transaction."""
_DONE = "plans:"
"""Begins the progress of a day that has come as far as a plan."""


async def work_slice(piece: DaySlice) -> bool:
    """Work one slice of plans; false when no plan is left to look at."""
    if piece.progress and not piece.progress.startswith(_DONE):
        return False
    async with piece.sessions() as session:
        connection = await driver(session)
        due = await rows.load_due(connection, piece.day, piece.progress.removeprefix(_DONE), SLICE)
        ids = [plan.account_id for plan in due]
        accounts = await load_accounts(session, piece.day, ids) if due else {}
        receipts = await payments.load_receipts(connection, ids) if due else {}
    if not due:
        return False
    async with piece.open(f"{_DONE}{due[-1].plan_id}") as work:
        for plan in due:
            account = replace(accounts[plan.account_id], receipts=receipts.get(plan.account_id, ()))
            await _decide(work, plan, account)
    return True


async def _decide(work: Work, plan: Plan, account: Account) -> None:
    """Decide about one plan under the version of its terms, and keep what was decided."""
    outcome = plan_days.assess(plan, account, in_force(read_plan_policies(), plan.agreed_on), work.book)
    if outcome.plan.change == plan.change:
        await rows.store(await driver(work.session), outcome)
    else:
        await plan_changes.follow(work, outcome, stood=plan.state in STANDING)
