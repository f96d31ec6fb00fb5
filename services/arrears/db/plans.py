"""Repayment plans: kept as they were agreed, followed day by day, listed; every change with its figures."""

import json
from datetime import date
from typing import Any

import asyncpg

from services.arrears.domain.missed import numbers
from services.arrears.domain.plan_days import Outcome
from services.arrears.domain.plans import Debt, Missed, Plan, Terms, Trouble
from shared.events.arrears import Frequency, PlanState

_COLUMNS = """
plan_id, account_id, agreed_on, frequency, instalments, first_on, method, affordability_ref, current_charges,
debts::text as debts, state, change, missed::text as missed, met_from::text as met_from,
  warned_of::text as warned_of, catch_up_by
"""
_LOCK = "select from arrears.accounts where account_id = $1 for no key update"
_LET_GO = "update arrears.plans set is_followed = false where account_id = $1 and is_followed"
_ADD = """
insert into arrears.plans (plan_id, account_id, agreed_on, frequency, instalments, first_on, method, affordability_ref,
  current_charges, debts, state, state_on, change, missed, warned_of, reason, is_followed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $3, 1, '[]', '[]', $12, true)
"""
_STORE = """
update arrears.plans set state = $2, change = $3, missed = $4::jsonb, warned_of = $5::jsonb, catch_up_by = $6,
  next_check_on = $7, is_followed = $8, met_from = $9::jsonb where plan_id = $1
"""
_CHANGE = "update arrears.plans set state_on = $2, reason = $3 where plan_id = $1"
_RECORD = """
insert into arrears.plan_changes
  (plan_id, change, changed_on, state, paid_pence, due_pence, current_pence, catch_up_by, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_DUE = f"""
select {_COLUMNS} from arrears.plans plan
where is_followed and plan_id > $2 and (next_check_on <= $1 or exists (
  select from arrears.accounts account where account.account_id = plan.account_id and account.next_check_on <= $1))
order by plan_id limit $3
"""  # noqa: S608 - ours
_ONE = f"select {_COLUMNS} from arrears.plans where plan_id = $1"  # noqa: S608 - ours
_STANDING = "select plan_id from arrears.plans where account_id = $1 and state in ('agreed', 'warned')"
_ALL = f"""
select {_COLUMNS}, account_ref, items::text as items, state_on, plan.reason
from arrears.plans plan join arrears.accounts account using (account_id)
where $1::text is null or plan_id = $1
order by state not in ('agreed', 'warned'), agreed_on, length(plan_id), plan_id
"""  # noqa: S608 - ours
_CHANGES = """
select change, changed_on, state, paid_pence, due_pence, current_pence, catch_up_by, reason
from arrears.plan_changes where plan_id = $1 order by change
"""


async def add(connection: asyncpg.Connection, plan: Plan, reason: str) -> None:
    """Keep a plan that was agreed; an earlier one of the account is followed no more."""
    terms = plan.terms
    debts = [{"charge_id": one.charge_id, "due_on": str(one.due_on), "pence": one.amount_pence} for one in plan.debts]
    await connection.execute(_LET_GO, plan.account_id)
    await connection.execute(
        _ADD, plan.plan_id, plan.account_id, plan.agreed_on, terms.frequency.value, terms.count, terms.first_on,
        terms.method, terms.affordability_ref, terms.current_charges, json.dumps(debts), plan.state.value, reason,
    )  # fmt: skip


async def store(connection: asyncpg.Connection, outcome: Outcome) -> None:
    """Keep where a plan stands and when it is looked at again; one that failed or was ended is followed no more."""
    plan = outcome.plan
    await connection.execute(
        _STORE, plan.plan_id, plan.state.value, plan.change, json.dumps(numbers(plan.missed)),
        json.dumps(sorted(plan.warned_of)), plan.catch_up_by, outcome.next_check_on,
        plan.state not in (PlanState.FAILED, PlanState.ENDED), _met_from(plan),
    )  # fmt: skip


def _met_from(plan: Plan) -> str:
    known = {one.number: one.met_from_pence for one in plan.missed if one.met_from_pence is not None}
    return json.dumps(known, sort_keys=True)


async def record(connection: asyncpg.Connection, outcome: Outcome, on: date) -> None:
    """Keep a change of a plan with its figures and its reason."""
    plan, now = outcome.plan, outcome.progress
    await connection.execute(_CHANGE, plan.plan_id, on, outcome.reason)
    await connection.execute(
        _RECORD, plan.plan_id, plan.change, on, plan.state.value, now.paid_pence, now.due_pence, now.current_pence,
        plan.catch_up_by, outcome.reason,
    )  # fmt: skip


async def lock_account(connection: asyncpg.Connection, account_id: str) -> None:
    """Let what billing says of an account wait until the transaction ends: its figures stay those that are said."""
    await connection.execute(_LOCK, account_id)


async def load_due(connection: asyncpg.Connection, day: date, after: str, limit: int) -> list[Plan]:
    """Return the next plans to look at: those whose day has come, or whose account has news; after ``after``."""
    return [plan_of(row) for row in await connection.fetch(_DUE, day, after, limit)]


async def load(connection: asyncpg.Connection, plan_id: str) -> Plan | None:
    """Return one plan."""
    row = await connection.fetchrow(_ONE, plan_id)
    return plan_of(row) if row else None


async def standing_of(connection: asyncpg.Connection, account_id: str) -> str | None:
    """Return the id of the plan that stands for an account."""
    found: str | None = await connection.fetchval(_STANDING, account_id)
    return found


async def list_plans(connection: asyncpg.Connection, plan_id: str | None = None) -> list[tuple[Plan, dict[str, Any]]]:
    """Return every plan, or one, with what else is known of it: those that stand first."""
    return [(plan_of(row), dict(row)) for row in await connection.fetch(_ALL, plan_id)]


async def list_changes(connection: asyncpg.Connection, plan_id: str) -> list[dict[str, Any]]:
    """Return the changes of a plan, the first one first."""
    return [dict(row) for row in await connection.fetch(_CHANGES, plan_id)]


def plan_of(row: asyncpg.Record) -> Plan:
    """Return a row as the plan that it keeps."""
    met_from = json.loads(row["met_from"])
    return Plan(
        plan_id=row["plan_id"],
        account_id=row["account_id"],
        agreed_on=row["agreed_on"],
        terms=Terms(
            Frequency(row["frequency"]), row["instalments"], row["first_on"], row["method"], row["affordability_ref"],
            row["current_charges"],
        ),
        debts=tuple(
            Debt(one["charge_id"], date.fromisoformat(one["due_on"]), one["pence"]) for one in json.loads(row["debts"])
        ),
        state=PlanState(row["state"]),
        change=row["change"],
        missed=frozenset(Missed(one, met_from.get(str(one))) for one in json.loads(row["missed"])),
        warned_of=frozenset(Trouble(one) for one in json.loads(row["warned_of"])),
        catch_up_by=row["catch_up_by"],
    )  # fmt: skip
