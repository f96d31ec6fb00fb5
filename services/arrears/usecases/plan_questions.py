"""Answer what people ask about plans; nothing here changes anything."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.arrears.db import holds as hold_rows
from services.arrears.db import payments
from services.arrears.db import plans as rows
from services.arrears.db.ladder import items_of, load_accounts
from services.arrears.domain.account import Receipt
from services.arrears.domain.instalments import Instalment, months_of, schedule
from services.arrears.domain.missed import met_in_time, numbers
from services.arrears.domain.plan_policy import PlanPolicy
from services.arrears.domain.plans import STANDING, Debt, Plan, owed, progress, stand
from services.arrears.settings import read_plan_policies
from services.arrears.usecases.plans import refuse_second
from shared.bus import gate
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import Frequency

Json = dict[str, Any]


class Offer(NamedTuple):
    """What an officer asks an offer for; no charges: everything overdue."""

    account_ref: str
    instalments: int
    frequency: Frequency
    first_on: date
    charges: tuple[str, ...]


async def offer(session: AsyncSession, asked: Offer) -> Json:
    """Return the debts that a plan may be about, its schedule and who may approve it.

    Raises ``NotNowError`` when nothing is overdue, or a plan stands.
    """
    connection = await driver(session)
    account_id = await hold_rows.find_account_id(connection, asked.account_ref)
    if account_id is None:
        raise NotKnownError(f"No account has the reference {asked.account_ref}.")
    await refuse_second(connection, account_id, asked.account_ref)
    day = (await gate.read(connection)).book
    account = (await load_accounts(session, day, [account_id]))[account_id]
    debts = [debt for debt in owed(account, day) if not asked.charges or debt.charge_id in asked.charges]
    missing = set(asked.charges) - {debt.charge_id for debt in debts}
    if missing or not debts:
        what = f"Nothing of {', '.join(sorted(missing))}" if missing else "Nothing"
        raise NotNowError(f"{what} on {asked.account_ref} is overdue that is not disputed or held.")
    return _offered(asked, debts, day)


def _offered(asked: Offer, debts: Sequence[Debt], day: date) -> Json:
    total = sum(debt.amount_pence for debt in debts)
    try:
        months = months_of(asked.instalments, asked.first_on, asked.frequency)
    except (OverflowError, ValueError):
        raise NotValidError(f"A plan from {asked.first_on} has no end.") from None
    made = schedule(total, asked.instalments, asked.first_on, asked.frequency)
    return {
        "account_ref": asked.account_ref,
        "total_pence": total,
        "months": months,
        "may_approve": in_force(read_plan_policies(), day).approvers(months),
        "debts": [_debt(debt) for debt in debts],
        "schedule": [_instalment(one) for one in made],
    }


async def list_plans(session: AsyncSession) -> list[Json]:
    """Return every plan with how far it is paid at the last closed day, those that stand first.

    Of one that is over nothing is due and nothing is missing: what was, when it ended, is in its last change.
    """
    connection = await driver(session)
    state = await gate.read(connection)
    found = await rows.list_plans(connection)
    receipts = await _receipts(connection, found)
    return [_listed(plan, row, receipts, state.last_closed or state.book) for plan, row in found]


async def show(session: AsyncSession, plan_id: str) -> Json:
    """Return a plan with its terms, debts, schedule and changes; one that is over is judged as of its end.

    Raises ``NotKnownError``: there is none.
    """
    connection = await driver(session)
    state = await gate.read(connection)
    found = await rows.list_plans(connection, plan_id)
    if not found:
        raise NotKnownError(f"There is no plan {plan_id}.")
    [(plan, row)] = found
    day, policy = state.last_closed or state.book, _policy(plan)
    now = progress(plan, items_of(row["items"]), policy, day)
    stands = plan.state in STANDING
    judged_on = day if stands else min(day, row["state_on"])
    return _listed(plan, row, await _receipts(connection, found), day) | {
        "frequency": plan.terms.frequency,
        "method": plan.terms.method,
        "affordability_ref": plan.terms.affordability_ref,
        "current_charges": plan.terms.current_charges,
        "current_pence": now.current_pence if stands else None,
        "debts": [_debt(debt) for debt in plan.debts],
        "schedule": [
            _instalment(one) | {"paid_pence": paid, "is": met}
            for one, paid, met in stand(plan, now.paid_pence, policy, judged_on)
        ],
        "changes": await rows.list_changes(connection, plan_id),
        "policy_version": policy.version,
    }


async def _receipts(
    connection: asyncpg.Connection, found: Sequence[tuple[Plan, Json]]
) -> dict[str, tuple[Receipt, ...]]:
    """Return the money of the accounts of which something was found missed."""
    blamed = sorted({plan.account_id for plan, _ in found if plan.missed})
    return await payments.load_receipts(connection, blamed) if blamed else {}


def _policy(plan: Plan) -> PlanPolicy:
    return in_force(read_plan_policies(), plan.agreed_on)


def _listed(plan: Plan, row: Json, receipts: Mapping[str, tuple[Receipt, ...]], day: date) -> Json:
    items = items_of(row["items"])
    now = progress(plan, items, _policy(plan), day)
    met = met_in_time(plan, items, receipts.get(plan.account_id, ()), _policy(plan))
    stands = plan.state in STANDING
    following = now.next if stands else None
    return {
        "plan_id": plan.plan_id,
        "account_ref": row["account_ref"],
        "account_id": plan.account_id,
        "state": plan.state,
        "state_on": row["state_on"],
        "agreed_on": plan.agreed_on,
        "instalments": plan.terms.count,
        "total_pence": plan.total_pence,
        "paid_pence": now.paid_pence,
        "short_pence": now.short_pence if stands else None,
        "next_on": following.due_on if following else None,
        "next_pence": following.amount_pence if following else None,
        "catch_up_by": plan.catch_up_by,
        "missed": numbers(plan.missed - met),
        "met_in_time": numbers(met),
        "reason": row["reason"],
    }


def _instalment(one: Instalment) -> Json:
    return {"number": one.number, "due_on": one.due_on, "amount_pence": one.amount_pence}


def _debt(one: Debt) -> Json:
    return {"charge_id": one.charge_id, "due_on": one.due_on, "amount_pence": one.amount_pence}
