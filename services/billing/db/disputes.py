"""Queries about disputes: what is disputed on whose account, and how it ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.billing.domain.disputes import Dispute, Outcome

_ADD = """
insert into billing.disputes (command_uid, account_id, dispute_id, charge_id, amount_pence, raised_on, book,
  credited_pence)
values ($1, $2::uuid, $3, $4, $5, $6, $7, $8)
"""
_END = """
insert into billing.dispute_ends (command_uid, book, dispute_id, ended_on, outcome, awaits_credit)
values ($1, $2, $3, $2, $4, $5)
"""
# The one that was upheld may be rejected after all: what was said last holds, and "rejected" sorts first.
_OVER = """
left join lateral (
  select * from billing.dispute_ends as said where said.dispute_id = it.dispute_id order by said.outcome limit 1
) as over on true
"""
_OF_ACCOUNTS = f"""
select it.account_id::text, it.dispute_id, it.charge_id, it.amount_pence, it.raised_on, it.book, over.ended_on,
  over.book as ended_book, over.outcome, it.credited_pence, coalesce(over.awaits_credit, false) as awaits_credit
from billing.disputes as it {_OVER}
where it.account_id = any($1::uuid[]) order by it.account_id, it.dispute_id
"""  # noqa: S608 - no input in it
_FIND = f"""
select account.account_id::text, account.account_ref, it.charge_id, it.amount_pence, over.outcome,
  coalesce(over.awaits_credit, false)
from billing.disputes as it join billing.accounts as account using (account_id) {_OVER}
where it.dispute_id = $1
"""  # noqa: S608 - no input in it
_LIST = f"""
with told as (
  select event_uid, convert_from(body, 'UTF8')::jsonb as command from msg.event_log where event_uid in (
    select command_uid from billing.disputes union all select command_uid from billing.dispute_ends)
)
select it.dispute_id, account.account_id::text, account.account_ref, account.unit_id, it.charge_id, it.amount_pence,
  it.raised_on, over.ended_on, over.outcome, coalesce(over.awaits_credit, false) as awaits_credit,
  raising.command ->> 'who' as raised_by, raising.command ->> 'why' as reason,
  ending.command ->> 'who' as ended_by, ending.command ->> 'why' as ended_reason
from billing.disputes as it join billing.accounts as account using (account_id) {_OVER}
left join told as raising on raising.event_uid = it.command_uid
left join told as ending on ending.event_uid = over.command_uid
order by over.ended_on nulls first, it.raised_on, it.dispute_id
"""  # noqa: S608 - no input in it


@dataclass(frozen=True, slots=True)
class Found:
    """A dispute by its id: whose it is, and how it ended, if it has."""

    account_id: str
    account_ref: str
    charge_id: str
    amount_pence: int
    outcome: str | None
    awaits_credit: bool

    def may_end(self, outcome: Outcome) -> bool:
        """Say whether it may end so: once, but what was upheld and is not let go yet may be rejected after all."""
        return self.outcome is None or (self.awaits_credit and outcome is Outcome.REJECTED)


async def load_of_accounts(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, list[Dispute]]:
    """Return the disputes of each account, ended ones too; an account without any is left out."""
    found: dict[str, list[Dispute]] = {}
    for row in await connection.fetch(_OF_ACCOUNTS, list(account_ids)):
        found.setdefault(row["account_id"], []).append(_dispute(row))
    return found


def _dispute(row: asyncpg.Record) -> Dispute:
    outcome = row["outcome"]
    return Dispute(
        row["dispute_id"], row["charge_id"], row["amount_pence"], row["raised_on"], row["book"], row["ended_on"],
        row["ended_book"], Outcome(outcome) if outcome is not None else None, row["credited_pence"],
        row["awaits_credit"],
    )  # fmt: skip


async def find(connection: asyncpg.Connection, dispute_id: str) -> Found | None:
    """Return one dispute."""
    row = await connection.fetchrow(_FIND, dispute_id)
    return Found(*row) if row is not None else None


async def list_disputes(connection: asyncpg.Connection) -> Sequence[dict[str, Any]]:
    """Return every dispute with who and why: those that stand first, then those that ended, oldest first."""
    return [dict(row) for row in await connection.fetch(_LIST)]


async def add(connection: asyncpg.Connection, command_uid: UUID, account_id: str, dispute: Dispute) -> None:
    """Add a dispute that stands."""
    await connection.execute(
        _ADD, command_uid, account_id, dispute.dispute_id, dispute.charge_id, dispute.amount_pence, dispute.raised_on,
        dispute.book, dispute.credited_pence,
    )  # fmt: skip


async def end(
    connection: asyncpg.Connection, command_uid: UUID, dispute_id: str, outcome: Outcome, on: date, *,
    awaits_credit: bool,
) -> None:  # fmt: skip
    """End a dispute in the book of a day."""
    await connection.execute(_END, command_uid, on, dispute_id, outcome, awaits_credit)
