"""Queries about interruptions of prescription: which charges a claim or an admission names, and what came of age."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.billing.db.sets import columns
from services.billing.domain.prescription import Interruption, InterruptionGround

_ADD = """
insert into billing.interruptions (command_uid, account_id, evidence, interruption_id, interrupted_on, ground,
  charge_ids, book)
values ($1, $2::uuid, $3, $4, $5, $6, $7, $8)
"""
_WITHDRAW = "insert into billing.interruption_withdrawals (command_uid, book, interruption_id) values ($1, $2, $3)"
_FIND = """
select account.account_id::text, account.account_ref, over.interruption_id is not null
from billing.interruptions as it join billing.accounts as account using (account_id)
left join billing.interruption_withdrawals as over on over.interruption_id = it.interruption_id
where it.interruption_id = $1
"""
_OF_ACCOUNTS = """
select it.account_id::text, it.interruption_id, it.interrupted_on, it.ground, it.charge_ids, it.book, over.book
from billing.interruptions as it
left join billing.interruption_withdrawals as over on over.interruption_id = it.interruption_id
where $1::uuid[] is null or it.account_id = any($1)
"""
_LIST = """
with told as (
  select event_uid, convert_from(body, 'UTF8')::jsonb as command from msg.event_log where event_uid in (
    select command_uid from billing.interruptions union all select command_uid from billing.interruption_withdrawals)
)
select it.interruption_id, account.account_ref, account.unit_id, it.interrupted_on, it.ground, it.charge_ids,
  it.evidence, made.command ->> 'who' as made_by, made.command ->> 'why' as reason, over.book as withdrawn_on,
  taken.command ->> 'who' as withdrawn_by, taken.command ->> 'why' as withdrawn_reason
from billing.interruptions as it join billing.accounts as account using (account_id)
left join billing.interruption_withdrawals as over on over.interruption_id = it.interruption_id
left join told as made on made.event_uid = it.command_uid
left join told as taken on taken.event_uid = over.command_uid
order by it.interrupted_on, it.interruption_id
"""
# Who has nothing old enough open is left out by what was said last (not known: looked at); of the few that are left the
# ledger says whether anything was posted since.  It is asked as a figure, so that it is answered account by account.
_TOUCHED = """
with crossed as (select * from unnest($1::date[], $2::date[]) as it(after, until))
select account_id::text from billing.accounts as account
where ownership_id <> '' and items_said <> $5 and coalesce(open_since, '-infinity') <= $3 and (account_id in (
  select statement.account_id from crossed
  join billing.statements as statement on statement.due_on > crossed.after and statement.due_on <= crossed.until
  union all
  select part.account_id from crossed
  join billing.charges as charge on charge.due_on > crossed.after and charge.due_on <= crossed.until
  join billing.charge_parts as part using (charge_id) where part.account_id is not null
  union all
  select it.account_id from crossed
  join billing.interruptions as it on it.interrupted_on > crossed.after and it.interrupted_on <= crossed.until
  union all
  select it.account_id from billing.interruption_withdrawals as over
  join billing.interruptions as it using (interruption_id) where over.book > $4
) or (select max(entry.book) from billing.entries as entry where entry.account_id = account.account_id) > $4)
order by account_id
"""


async def load_of_accounts(
    connection: asyncpg.Connection, account_ids: Iterable[str] | None = None
) -> dict[str, list[Interruption]]:
    """Return the interruptions of each account (None: of all), withdrawn ones too; one without any is left out."""
    wanted = list(account_ids) if account_ids is not None else None
    found: dict[str, list[Interruption]] = {}
    for row in await connection.fetch(_OF_ACCOUNTS, wanted):
        account_id, name, on, ground, charge_ids, book, withdrawn_in = row
        one = Interruption(name, on, InterruptionGround(ground), frozenset(charge_ids), book, withdrawn_in)
        found.setdefault(account_id, []).append(one)
    return found


async def find(connection: asyncpg.Connection, interruption_id: str) -> tuple[str, str, bool] | None:
    """Return whose an interruption is (account and reference), and whether it is withdrawn."""
    row = await connection.fetchrow(_FIND, interruption_id)
    return (row[0], row[1], row[2]) if row is not None else None


async def list_interruptions(connection: asyncpg.Connection) -> Sequence[dict[str, Any]]:
    """Return every interruption with who and why, oldest first."""
    return [dict(row) for row in await connection.fetch(_LIST)]


async def list_touched(
    connection: asyncpg.Connection,
    windows: Sequence[tuple[date, date]],
    begun_by: date,
    closed: date,
    nothing_open: bytes,
) -> list[str]:
    """Return the owners' accounts of which a debt may have come into a nearer band since the day last closed.

    What is open is as old as ``begun_by``, and its years began within one of the ``windows``, or anything was posted on
    the account since, or what set it back was withdrawn since.
    """
    after, until = columns(windows) if windows else ([], [])
    return [row[0] for row in await connection.fetch(_TOUCHED, after, until, begun_by, closed, nothing_open)]


async def add(
    connection: asyncpg.Connection, command_uid: UUID, account_id: str, one: Interruption, evidence: str
) -> None:
    """Add an interruption."""
    await connection.execute(
        _ADD, command_uid, account_id, evidence, one.interruption_id, one.interrupted_on, one.ground,
        sorted(one.charge_ids), one.book,
    )  # fmt: skip


async def withdraw(connection: asyncpg.Connection, command_uid: UUID, book: date, interruption_id: str) -> None:
    """Take an interruption back in a book."""
    await connection.execute(_WITHDRAW, command_uid, book, interruption_id)
