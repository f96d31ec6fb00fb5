"""Queries about write-offs: what was given up, on whose account, by which command."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.db.sets import columns
from services.billing.domain.write_offs import Ground, WriteOff

_ADD = """
insert into billing.write_offs (command_uid, book, ground, evidence, policy_version, write_off_id, account_id,
  charge_id, amount_pence, written_off_on)
select $1, $2, $3, $4, $5, it.* from unnest($6::text[], $7::uuid[], $8::text[], $9::bigint[], $10::date[]) as it
"""
_OF_ACCOUNTS = """
select write_off_id, account_id::text, charge_id, amount_pence, written_off_on from billing.write_offs
where account_id = any($1::uuid[]) order by account_id, write_off_id
"""
_LIST = """
select it.write_off_id, it.account_id::text, account.account_ref, account.unit_id, it.charge_id, it.amount_pence,
  it.written_off_on, it.ground, it.evidence, it.policy_version, cause.event_id as proposal,
  coalesce((select -sum(entry.amount_pence) from billing.entries as entry where entry.account_id = it.account_id
    and entry.fact_kind = 'write-off' and entry.fact_id = it.write_off_id), 0)::bigint as standing_pence
from billing.write_offs as it
join billing.accounts as account using (account_id)
join billing.causes as cause on cause.cause_uid = it.command_uid
order by it.written_off_on, it.write_off_id
"""
_SINCE = """
select coalesce(sum(amount_pence), 0)::bigint from billing.write_offs where account_id = $1::uuid and book > $2
"""
"""What was approved counts, also where it was paid after all: a limit is about what somebody let go."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a debt was given up, and under which version of the policy."""

    ground: Ground
    evidence: str
    policy_version: str


@dataclass(frozen=True, slots=True)
class WriteOffRow:
    """A write-off as people ask for it; ``standing_pence`` is what is not written back."""

    write_off_id: str
    account_id: str
    account_ref: str
    unit_id: str
    charge_id: str
    amount_pence: int
    written_off_on: date
    ground: str
    evidence: str
    policy_version: str
    proposal: str
    standing_pence: int


async def load_of_accounts(connection: asyncpg.Connection, account_ids: Iterable[str]) -> dict[str, list[WriteOff]]:
    """Return the write-offs of each account; an account without any is left out."""
    found: dict[str, list[WriteOff]] = {}
    for row in await connection.fetch(_OF_ACCOUNTS, list(account_ids)):
        found.setdefault(row["account_id"], []).append(WriteOff(*row))
    return found


async def sum_since(connection: asyncpg.Connection, account_id: str, after: date) -> int:
    """Return the pence written off on an account in books after a day."""
    return int(await connection.fetchval(_SINCE, account_id, after))


async def list_write_offs(connection: asyncpg.Connection) -> list[WriteOffRow]:
    """Return every write-off, oldest first."""
    return [WriteOffRow(*row) for row in await connection.fetch(_LIST)]


async def add(
    connection: asyncpg.Connection, book: date, command_uid: UUID, write_offs: Sequence[WriteOff], why: Reason
) -> None:
    """Add what one command gives up."""
    rows = [astuple(one) for one in write_offs]
    await connection.execute(_ADD, command_uid, book, why.ground, why.evidence, why.policy_version, *columns(rows))
