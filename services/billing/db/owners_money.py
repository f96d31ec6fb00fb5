"""Queries about owners' own money: what waits of it, whose accounts a fund has, and what funds spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from shared.db.engine import LONG_SECONDS

_WAITING = """
select coalesce(sum(entry.amount_pence), 0)::bigint
from billing.entries as entry join billing.charges as charge using (charge_id)
where entry.ledger = 'suspense-charges' and charge.kind = $1 and ($2::date is null or entry.value_on <= $2)
  and ($3::date is null or entry.book <= $3)
"""
_ACCOUNTS = """
select account.account_id::text, account.ownership_id = '' as internal
from billing.units as unit join billing.accounts as account using (unit_id)
where coalesce(unit.block_id, unit.development_id) = $1 order by account.account_id
"""
_SPENT = "select coalesce(sum(amount_pence), 0)::bigint from billing.fund_spendings where fund_id = $1"
_ADD = """
insert into billing.fund_spendings (command_uid, book, spending_id, fund_id, amount_pence, spent_on, description,
  evidence)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LIST = """
select it.spending_id, it.fund_id, it.amount_pence, it.spent_on, it.description, it.evidence, it.book,
  cause.event_id as proposal
from billing.fund_spendings as it join billing.causes as cause on cause.cause_uid = it.command_uid
where ($1::date is null or it.spent_on <= $1) and ($2::date is null or it.book <= $2)
order by it.spent_on, it.spending_id
"""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a fund paid for on a day; negative pence came back to it."""

    spending_id: str
    fund_id: str
    amount_pence: int
    spent_on: date
    description: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SpendingRow(Spending):
    """A spending as people ask for it: with the book, and the proposal that has who and why."""

    book: date
    proposal: str


async def sum_waiting(connection: asyncpg.Connection, kind: str, as_of: date | None, known_at: date | None) -> int:
    """Return the pence of charges of a kind that wait for a unit, an owner or shares."""
    return int(await connection.fetchval(_WAITING, kind, as_of, known_at, timeout=LONG_SECONDS))


async def list_accounts(connection: asyncpg.Connection, fund_id: str) -> dict[str, bool]:
    """Return the accounts of a fund's units (of a block, or of a development's units without one): is it internal?"""
    return {row["account_id"]: row["internal"] for row in await connection.fetch(_ACCOUNTS, fund_id)}


async def sum_spent(connection: asyncpg.Connection, fund_id: str) -> int:
    """Return what a fund spent, less what came back."""
    return int(await connection.fetchval(_SPENT, fund_id))


async def add_spending(connection: asyncpg.Connection, command_uid: UUID, book: date, one: Spending) -> None:
    """Add what a fund paid for."""
    await connection.execute(
        _ADD, command_uid, book, one.spending_id, one.fund_id, one.amount_pence, one.spent_on, one.description,
        one.evidence,
    )  # fmt: skip


async def list_spendings(
    connection: asyncpg.Connection, as_of: date | None, known_at: date | None
) -> Sequence[SpendingRow]:
    """Return what funds paid for, oldest first."""
    return [SpendingRow(*row) for row in await connection.fetch(_LIST, as_of, known_at)]
