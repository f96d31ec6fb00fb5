"""Statements behind the questions people ask: accounts, an account's causes, the ledger, its balance and totals."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.domain.facts import FactKind
from shared.db.engine import LONG_SECONDS
from shared.events import topics

_ACCOUNTS = """
select account_id::text, account_ref, unit_id, ownership_id from billing.accounts
where ($1::date is null or book <= $1) order by unit_id, ownership_id
"""
_ACCOUNT = """
select account_id::text, account_ref, unit_id, ownership_id from billing.accounts
where account_ref = $1 and ($2::date is null or book <= $2)
"""
_TYPES = {
    FactKind.CHARGE: topics.CHARGE_RAISED.type,
    FactKind.CREDIT: topics.CHARGE_CREDITED.type,
    FactKind.PAYMENT: topics.PAYMENT_RECEIVED.type,
    FactKind.REVERSAL: topics.PAYMENT_REVERSED.type,
}
_OWN = " ".join(f"when '{kind}' then '{type_}'" for kind, type_ in _TYPES.items())
_NAMED = """
from billing.entries as entry
left join billing.charges as charge
  on entry.fact_kind = 'charge' and charge.charge_id = entry.fact_id and charge.event_uid = entry.cause_uid
left join billing.credits as credit
  on entry.fact_kind = 'credit' and credit.credit_id = entry.fact_id and credit.event_uid = entry.cause_uid
left join billing.payments as payment
  on entry.fact_kind = 'payment' and payment.payment_id = entry.fact_id and payment.event_uid = entry.cause_uid
left join billing.reversals as reversal
  on entry.fact_kind = 'reversal' and reversal.reversal_id = entry.fact_id and reversal.event_uid = entry.cause_uid
left join billing.causes as other on other.cause_uid = entry.cause_uid
"""
_NAME = f"""
coalesce(charge.source, credit.source, payment.source, reversal.source, other.source) as source,
coalesce(charge.event_id, credit.event_id, payment.event_id, reversal.event_id, other.event_id) as event_id,
coalesce(other.type, case entry.fact_kind {_OWN} end) as type
"""
_CAUSES = f"""
select distinct entry.fact_kind, entry.fact_id, entry.book, {_NAME},
  coalesce(charge.source, credit.source, payment.source, reversal.source) is not null as own
{_NAMED} where entry.account_id = $1::uuid
"""
_EXPORT = f"""
select entry.value_on, entry.book, entry.fact_kind, entry.fact_id, entry.charge_id, entry.payment_id, entry.posting_no,
  entry.ledger, account.account_ref, entry.amount_pence, entry.tax_pence, entry.cause_uid::text, {_NAME}
{_NAMED}
left join billing.accounts as account on account.account_id = entry.account_id
order by entry.value_on, entry.cause_uid, entry.fact_kind, entry.fact_id, entry.posting_no
"""
_TRIAL = """
select ledger, sum(amount_pence)::bigint as pence from billing.entries
where ($1::date is null or value_on <= $1) and ($2::date is null or book <= $2) group by ledger order by ledger
"""
_RECEIVABLE = """
select coalesce(sum(entry.amount_pence) filter (where account.ownership_id <> ''), 0)::bigint,
  coalesce(sum(entry.amount_pence) filter (where account.ownership_id = ''), 0)::bigint
from billing.entries as entry join billing.accounts as account using (account_id)
where ($1::date is null or entry.value_on <= $1) and ($2::date is null or entry.book <= $2)
"""
_LATE_FEES = """
select account.account_ref
from billing.charges as charge join billing.entries as entry using (charge_id)
join billing.accounts as account using (account_id)
where charge.kind = 'late-fee' and charge.raised_on > $1 and entry.fact_kind in ('charge', 'credit')
group by 1 having sum(entry.amount_pence) > $2 order by 1
"""
_TOTALS = """
select
  coalesce(sum(amount_pence) filter (where account_id is not null and fact_kind in ('charge', 'credit')), 0)::bigint,
  coalesce(-sum(amount_pence) filter (where account_id is not null and payment_id is not null), 0)::bigint,
  coalesce(-sum(amount_pence) filter (where ledger = 'suspense-receipts'), 0)::bigint,
  coalesce(sum(amount_pence) filter (where ledger = 'suspense-charges'), 0)::bigint,
  coalesce(sum(amount_pence) filter (where ledger = 'bad-debt'), 0)::bigint
from billing.entries
"""
_SUMS = """
select account_id::text,
  coalesce(sum(amount_pence) filter (where fact_kind in ('charge', 'credit')), 0)::bigint as charges,
  coalesce(-sum(amount_pence) filter (where fact_kind in ('payment', 'reversal')), 0)::bigint as payments
from billing.entries where account_id is not null group by account_id order by account_id
"""
_NAMES = """
select distinct entry.ledger || coalesce(':' || account.account_ref, '') as name
from billing.entries as entry left join billing.accounts as account on account.account_id = entry.account_id
order by name
"""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account's names; an internal account has an empty ownership_id."""

    account_id: str
    account_ref: str
    unit_id: str
    ownership_id: str


@dataclass(frozen=True, slots=True)
class CauseName:
    """An event that led to postings; ``own`` when it is the fact's own event."""

    source: str
    event_id: str
    type: str
    own: bool


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One posting with its cause's name, as accountants get it."""

    value_on: date
    book: date
    fact_kind: str
    fact_id: str
    charge_id: str | None
    payment_id: str | None
    posting_no: int
    ledger: str
    account_ref: str | None
    amount_pence: int
    tax_pence: int
    transaction: str
    cause_source: str
    cause_id: str
    cause_type: str

    @property
    def account(self) -> str:
        """The ledger account's full name: a receivable names the account it is of."""
        return f"{self.ledger}:{self.account_ref}" if self.account_ref is not None else self.ledger


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything billed to accounts and collected on them, what stands in suspense (money, charges), and bad debts."""

    billed_pence: int
    collected_pence: int
    suspense_payments_pence: int
    suspense_charges_pence: int
    written_off_pence: int


async def list_accounts(connection: asyncpg.Connection, known_at: date | None) -> list[AccountRow]:
    """Return the accounts known at a book, ordered by unit and ownership."""
    return [AccountRow(*row) for row in await connection.fetch(_ACCOUNTS, known_at)]


async def list_accounts_of(connection: asyncpg.Connection, unit_id: str) -> list[AccountRow]:
    """Return a unit's accounts."""
    rows = await connection.fetch(
        "select account_id::text, account_ref, unit_id, ownership_id from billing.accounts where unit_id = $1", unit_id
    )
    return [AccountRow(*row) for row in rows]


async def find_account(connection: asyncpg.Connection, account_ref: str, known_at: date | None) -> AccountRow | None:
    """Return the account with a reference, if it was known at a book."""
    row = await connection.fetchrow(_ACCOUNT, account_ref, known_at)
    return AccountRow(*row) if row is not None else None


async def load_causes(
    connection: asyncpg.Connection, account_id: str
) -> dict[tuple[FactKind, str, date], list[CauseName]]:
    """Return the causes of an account's lines, by fact and book."""
    found: dict[tuple[FactKind, str, date], list[CauseName]] = {}
    for row in await connection.fetch(_CAUSES, account_id):
        kind, fact_id, book, *name = row
        found.setdefault((FactKind(kind), fact_id, book), []).append(CauseName(*name))
    return found


async def each_posting(connection: asyncpg.Connection) -> AsyncIterator[ExportRow]:
    """Yield the whole ledger in order of value date, in pages; postings of one fact under one cause come together."""
    async for row in connection.cursor(_EXPORT, prefetch=1000, timeout=LONG_SECONDS):
        yield ExportRow(*row)


async def trial_balance(
    connection: asyncpg.Connection, as_of: date | None, known_at: date | None
) -> list[tuple[str, int]]:
    """Return what stands on each ledger account, debit positive."""
    return [
        (row["ledger"], row["pence"]) for row in await connection.fetch(_TRIAL, as_of, known_at, timeout=LONG_SECONDS)
    ]


async def sum_receivable(connection: asyncpg.Connection, as_of: date | None, known_at: date | None) -> tuple[int, int]:
    """Return what owners' accounts owe, and what the association's internal ones do."""
    row = await connection.fetchrow(_RECEIVABLE, as_of, known_at, timeout=LONG_SECONDS)
    assert row is not None
    return row[0], row[1]


async def list_late_fees(connection: asyncpg.Connection, since: date, above_pence: int) -> list[str]:
    """Return the references of accounts charged more than so many pence of late fees since a day, less credits."""
    return [row[0] for row in await connection.fetch(_LATE_FEES, since, above_pence)]


async def totals(connection: asyncpg.Connection) -> Totals:
    """Return the totals of the whole ledger."""
    row = await connection.fetchrow(_TOTALS, timeout=LONG_SECONDS)
    assert row is not None
    return Totals(*row)


async def account_sums(connection: asyncpg.Connection) -> dict[str, dict[str, int]]:
    """Return each account's charges (credits taken off) and payments (net of reversals and moves)."""
    rows = await connection.fetch(_SUMS, timeout=LONG_SECONDS)
    return {row["account_id"]: {"charges": row["charges"], "payments": row["payments"]} for row in rows}


async def list_ledger_names(connection: asyncpg.Connection) -> list[str]:
    """Return the full name of every ledger account that was ever posted to."""
    rows = await connection.fetch(_NAMES, timeout=LONG_SECONDS)
    return [row["name"] for row in rows]
