"""Statements behind the figures that are told: sums over the ledger, tied to the trial balance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.db.ours import OUR_OWN
from shared.db.engine import LONG_SECONDS

_BOOKS = """
select ledger, coalesce(sum(amount_pence) filter (where book < $1), 0)::bigint,
  coalesce(sum(amount_pence) filter (where book >= $1 and amount_pence > 0), 0)::bigint,
  coalesce(-sum(amount_pence) filter (where book >= $1 and amount_pence < 0), 0)::bigint
from billing.entries where book <= $2 group by ledger order by ledger
"""
_LATE = """
select entry.fact_kind, entry.fact_id, entry.value_on, entry.book, entry.ledger, account.account_ref,
  sum(entry.amount_pence)::bigint as pence
from billing.entries as entry left join billing.accounts as account using (account_id)
where entry.book between $1 and $2 and entry.value_on < $1 group by 1, 2, 3, 4, 5, 6 having sum(entry.amount_pence) <> 0
order by entry.value_on, entry.fact_kind, entry.fact_id, entry.book, entry.ledger, account.account_ref
"""
_MOVED = """
select account.ownership_id = '' as internal, entry.fact_kind,
  coalesce(sum(entry.amount_pence) filter (where entry.value_on < $1), 0)::bigint,
  coalesce(sum(entry.amount_pence) filter (where entry.value_on >= $1), 0)::bigint
from billing.entries as entry join billing.accounts as account using (account_id)
where entry.value_on <= $2 and ($3::date is null or entry.book <= $3)
group by 1, 2 order by 1, 2
"""
_TRADED = """
select coalesce(sum(entry.amount_pence) filter (
    where charge.kind <> 'opening-balance' and entry.fact_kind <> 'write-off'), 0)::bigint,
  coalesce(-sum(entry.amount_pence) filter (where payment.method <> 'opening-credit'), 0)::bigint
from billing.entries as entry
join billing.accounts as account on account.account_id = entry.account_id and account.ownership_id <> ''
left join billing.charges as charge on charge.charge_id = entry.charge_id
left join billing.payments as payment on payment.payment_id = entry.payment_id
where entry.value_on between $1 and $2 and ($3::date is null or entry.book <= $3)
"""
_BY_KIND = """
select charge.kind, entry.fact_kind, entry.ledger, unit.block_id, sum(entry.amount_pence)::bigint
from billing.entries as entry join billing.charges as charge using (charge_id)
left join billing.accounts as account on account.account_id = entry.account_id
left join billing.units as unit on unit.unit_id = account.unit_id
where charge.kind <> 'opening-balance' and entry.fact_kind in ('charge', 'credit') and entry.value_on between $1 and $2
  and ($3::date is null or entry.book <= $3)
group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
_BAD_DEBT = """
select coalesce(sum(amount_pence) filter (where amount_pence > 0), 0)::bigint,
  coalesce(-sum(amount_pence) filter (where amount_pence < 0), 0)::bigint
from (select sum(amount_pence) as amount_pence from billing.entries
  where ledger = 'bad-debt' and value_on between $1 and $2 and ($3::date is null or book <= $3)
  group by fact_id, value_on) as moved
"""
_PLACES = "select unit_id, development_id, block_id from billing.units"
_FACTS = f"""
select 'charge', charge_id, net_pence + tax_pence, raised_on from billing.charges as fact where not {OUR_OWN}
union all select 'credit', credit_id, amount_pence, credited_on from billing.credits as fact where not {OUR_OWN}
union all select 'payment', payment_id, amount_pence, received_on from billing.payments
union all select 'reversal', reversal_id, amount_pence, reversed_on from billing.reversals as fact where not {OUR_OWN}
order by 1, 2
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class BookRow:
    """What a ledger account held before a run of books, and what they posted to it."""

    ledger: str
    opening_pence: int
    debit_pence: int
    credit_pence: int


@dataclass(frozen=True, slots=True)
class LateRow:
    """What a fact dated before a run of books posted in them."""

    fact_kind: str
    fact_id: str
    value_on: date
    book: date
    ledger: str
    account_ref: str | None
    amount_pence: int


@dataclass(frozen=True, slots=True)
class MovedRow:
    """What facts of a kind did to receivables before some days and in them."""

    internal: bool
    fact_kind: str
    before_pence: int
    within_pence: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """What charges of a kind, or their credits, posted to one ledger account; a receivable is of a block."""

    charge_kind: str
    fact_kind: str
    ledger: str
    block_id: str | None
    amount_pence: int


async def list_books(connection: asyncpg.Connection, first: date, last: date) -> list[BookRow]:
    """Return what the books from ``first`` to ``last`` posted to every ledger account ever posted to by then."""
    return [BookRow(*row) for row in await connection.fetch(_BOOKS, first, last, timeout=LONG_SECONDS)]


async def list_late(connection: asyncpg.Connection, first: date, last: date) -> list[LateRow]:
    """Return what those books posted of facts dated before them, oldest first."""
    return [LateRow(*row) for row in await connection.fetch(_LATE, first, last, timeout=LONG_SECONDS)]


async def list_moved(connection: asyncpg.Connection, first: date, last: date, known_at: date | None) -> list[MovedRow]:
    """Return what each kind of fact did to receivables before the days and in them, internal accounts apart."""
    return [MovedRow(*row) for row in await connection.fetch(_MOVED, first, last, known_at, timeout=LONG_SECONDS)]


async def sum_traded(connection: asyncpg.Connection, first: date, last: date, known_at: date | None) -> tuple[int, int]:
    """Return owners' charges (less credits) and receipts (less reversals) of some days, without what was taken over."""
    row = await connection.fetchrow(_TRADED, first, last, known_at, timeout=LONG_SECONDS)
    assert row is not None
    return row[0], row[1]


async def list_by_kind(connection: asyncpg.Connection, first: date, last: date, known_at: date | None) -> list[KindRow]:
    """Return what charges and credits of some days posted, by kind of charge, ledger account and block."""
    return [KindRow(*row) for row in await connection.fetch(_BY_KIND, first, last, known_at, timeout=LONG_SECONDS)]


async def sum_bad_debt(
    connection: asyncpg.Connection, first: date, last: date, known_at: date | None
) -> tuple[int, int]:
    """Return the pence given up on some days, and those written back."""
    row = await connection.fetchrow(_BAD_DEBT, first, last, known_at, timeout=LONG_SECONDS)
    assert row is not None
    return row[0], row[1]


async def load_places(connection: asyncpg.Connection) -> dict[str, tuple[str, str | None]]:
    """Return the development and the block of every registered unit."""
    return {row["unit_id"]: (row["development_id"], row["block_id"]) for row in await connection.fetch(_PLACES)}


async def each_fact(connection: asyncpg.Connection) -> AsyncIterator[tuple[str, str, int, date]]:
    """Yield each charge, credit, payment and reversal that was told: kind, id, gross pence, the day it counts from.

    A credit of what was left has the pence that it took.
    """
    async for row in connection.cursor(_FACTS, prefetch=1000, timeout=LONG_SECONDS):
        yield tuple(row)
