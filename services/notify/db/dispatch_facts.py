"""Money, holds and disputes of accounts: what the check at dispatch looks at."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.notify.domain.dispatch import Hold
from shared.events.arrears import HoldChanged, HoldKind

_ADD_RECEIPTS = """
insert into notify.receipts (event_uid, account_id, book, amount_pence)
select * from unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[]) on conflict (event_uid) do nothing
"""
_STORE_HOLDS = """
insert into notify.holds (hold_id, account_id, kind, charge_id, started_on, ended_on, set_in)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::date[])
on conflict (hold_id) do update set kind = excluded.kind, charge_id = excluded.charge_id,
  started_on = excluded.started_on, ended_on = excluded.ended_on
"""
_PAID_SINCE = """
select account_id, since, coalesce((
  select sum(amount_pence) from notify.receipts as receipt
  where receipt.account_id = asked.account_id and receipt.book > asked.since and receipt.book <= (
    select max(day) from msg.upstream_closed where service = 'billing')), 0)::bigint as amount_pence
from unnest($1::text[], $2::date[]) as asked(account_id, since)
"""
_HOLDS = """
select account_id, kind, charge_id, started_on, set_in, ended_on is not null as is_lifted from notify.holds
where account_id = any($1) order by hold_id
"""
_ADD_DISPUTES = """
insert into notify.disputes (dispute_id, account_id, charge_id, book)
select * from unnest($1::text[], $2::text[], $3::text[], $4::date[]) on conflict (dispute_id) do nothing
"""
_DISPUTES = "select account_id, charge_id, book from notify.disputes where account_id = any($1) order by dispute_id"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A charge of an account of which something was disputed in a book of billing's."""

    dispute_id: str
    account_id: str
    charge_id: str
    book: date


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that reached an account, or (negative) left it again, by billing's book."""

    event_uid: UUID
    account_id: str
    book: date
    amount_pence: int


async def add_receipts(connection: asyncpg.Connection, receipts: Sequence[Receipt]) -> None:
    """Keep what reached accounts."""
    await connection.execute(
        _ADD_RECEIPTS,
        [receipt.event_uid for receipt in receipts],
        [receipt.account_id for receipt in receipts],
        [receipt.book for receipt in receipts],
        [receipt.amount_pence for receipt in receipts],
    )


async def store_holds(connection: asyncpg.Connection, told: Sequence[tuple[HoldChanged, date]]) -> None:
    """Keep each hold as it was said last, and the book in which it was said first."""
    newest = {one.hold_id: one for one, _ in told}.values()
    set_in = {one.hold_id: book for one, book in reversed(told)}
    await connection.execute(
        _STORE_HOLDS,
        [one.hold_id for one in newest],
        [one.account_id for one in newest],
        [one.kind for one in newest],
        [one.charge_id for one in newest],
        [one.started_on for one in newest],
        [one.ended_on for one in newest],
        [set_in[one.hold_id] for one in newest],
    )


async def paid_since(
    connection: asyncpg.Connection, asked: Collection[tuple[str, date]]
) -> dict[tuple[str, date], int]:
    """Return what reached each account in books after a day, up to the last day that billing has closed, in pence."""
    rows = await connection.fetch(_PAID_SINCE, [account for account, _ in asked], [since for _, since in asked])
    return {(row["account_id"], row["since"]): row["amount_pence"] for row in rows}


async def load_holds(connection: asyncpg.Connection, account_ids: Collection[str]) -> dict[str, list[Hold]]:
    """Return the holds ever set on each account."""
    found: defaultdict[str, list[Hold]] = defaultdict(list)
    for row in await connection.fetch(_HOLDS, list(account_ids)):
        found[row["account_id"]].append(
            Hold(HoldKind(row["kind"]), row["charge_id"], row["started_on"], row["set_in"], row["is_lifted"])
        )
    return found


async def add_disputes(connection: asyncpg.Connection, disputes: Sequence[Dispute]) -> None:
    """Keep what was disputed."""
    await connection.execute(
        _ADD_DISPUTES,
        [dispute.dispute_id for dispute in disputes],
        [dispute.account_id for dispute in disputes],
        [dispute.charge_id for dispute in disputes],
        [dispute.book for dispute in disputes],
    )


async def load_disputed(
    connection: asyncpg.Connection, account_ids: Collection[str]
) -> dict[str, list[tuple[str, date]]]:
    """Return the charges of each account of which something was ever disputed, each with billing's book."""
    found: defaultdict[str, list[tuple[str, date]]] = defaultdict(list)
    for row in await connection.fetch(_DISPUTES, list(account_ids)):
        found[row["account_id"]].append((row["charge_id"], row["book"]))
    return found
