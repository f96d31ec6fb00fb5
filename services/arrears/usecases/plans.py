"""Repayment plans: what two people agreed takes effect; an officer ends one."""

from datetime import date
from typing import Literal

import asyncpg
from pydantic import Field

from services.arrears.db import holds as hold_rows
from services.arrears.db import plans as rows
from services.arrears.db.ladder import load_accounts
from services.arrears.domain.account import Account
from services.arrears.domain.plan_days import Outcome, ended
from services.arrears.domain.plans import STANDING, Debt, Plan, Terms, progress
from services.arrears.settings import read_plan_policies
from services.arrears.usecases import plan_changes
from shared.bus.bodies import Body
from shared.bus.commands import Json
from shared.bus.refusals import NotKnownError, NotNowError, understood
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import Frequency, PlanState
from shared.events.types import Id, PositivePence, Text
from shared.money import as_pounds

NAME, END = "repayment-plan", "plan-end"
MOST_INSTALMENTS = 120
Method = Literal["bank-transfer", "standing-order", "card", "cheque", "cash"]
"""How instalments are paid: a collection by direct debit takes all that is due."""


class DebtAsked(Body):
    """A debt of a plan: what is overdue of a charge, by its due day."""

    charge_id: Id
    due_on: date
    amount_pence: PositivePence


class Asked(Body):
    """What a proposal asks for: the debts, and how they are paid; no names in where the affordability note is."""

    account_ref: Id
    frequency: Frequency
    instalments: int = Field(ge=2, le=MOST_INSTALMENTS)
    first_on: date
    method: Method
    affordability_ref: Text
    current_charges: bool = True
    debts: list[DebtAsked] = Field(min_length=1)

    @property
    def agreed(self) -> tuple[Debt, ...]:
        """The debts as the plan keeps them."""
        return tuple(Debt(one.charge_id, one.due_on, one.amount_pence) for one in self.debts)

    @property
    def terms(self) -> Terms:
        """How they are paid."""
        return Terms(
            self.frequency, self.instalments, self.first_on, self.method, self.affordability_ref, self.current_charges
        )


async def agree(work: Work, content: Json) -> Json:
    """Let a plan stand, and keep its charges from the ladder.  A rebuild does the same again."""
    asked = understood(Asked, content)
    account = await lock_account(work, asked.account_ref)
    connection = await driver(work.session)
    plan = Plan(f"PL-{work.cause.id}", account.account_id, work.book, asked.terms, asked.agreed)
    reason = (
        f"{as_pounds(plan.total_pence)} in {asked.instalments} instalments, {asked.frequency} from {asked.first_on}"
    )
    await rows.add(connection, plan, reason)
    now = progress(plan, account.items, in_force(read_plan_policies(), work.book), work.book)
    await plan_changes.follow(work, Outcome(plan, now, reason), stood=False)
    return {"plan_id": plan.plan_id, "account_ref": asked.account_ref, "total_pence": plan.total_pence}


async def end(work: Work, content: Json) -> Json:
    """End a plan that stands: the ladder goes on.  Ending it again changes nothing.

    Raises ``NotKnownError`` when there is no such plan, ``NotNowError`` when it is completed or has failed.
    """
    plan = await _locked(work, content["plan_id"])
    if plan.state in STANDING:
        policy = in_force(read_plan_policies(), plan.agreed_on)
        account = (await load_accounts(work.session, work.book, [plan.account_id]))[plan.account_id]
        now = progress(plan, account.items, policy, work.book)
        await plan_changes.follow(work, ended(plan, now, content["reason"]), stood=True)
    elif plan.state is not PlanState.ENDED:
        raise NotNowError(f"Plan {plan.plan_id} is {plan.state} already.")
    return {"plan_id": plan.plan_id, "state": PlanState.ENDED}


async def _locked(work: Work, plan_id: str) -> Plan:
    """Return a plan that nobody else changes until the transaction ends."""
    connection = await driver(work.session)
    plan = await rows.load(connection, plan_id)
    if plan is None:
        raise NotKnownError(f"There is no plan {plan_id}.")
    await _lock(work, plan.account_id)
    locked = await rows.load(connection, plan_id)
    assert locked is not None
    return locked


async def refuse_second(connection: asyncpg.Connection, account_id: str, account_ref: str) -> None:
    """Refuse a plan beside one that stands.  Raises ``NotNowError``."""
    standing = await rows.standing_of(connection, account_id)
    if standing is not None:
        raise NotNowError(f"Plan {standing} stands on {account_ref}; end it before another is agreed.")


async def lock_account(work: Work, account_ref: str) -> Account:
    """Return an account, locked, as the book's day would look at it."""
    account_id = await hold_rows.find_account_id(await driver(work.session), account_ref)
    if account_id is None:
        raise NotKnownError(f"No account has the reference {account_ref}.")
    await _lock(work, account_id)
    return (await load_accounts(work.session, work.book, [account_id]))[account_id]


async def _lock(work: Work, account_id: str) -> None:
    """Keep an account as it is, for other commands and for what billing says of it."""
    await work.lock(exclusive=[f"account:{account_id}"])
    await rows.lock_account(await driver(work.session), account_id)
