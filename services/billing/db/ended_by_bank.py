"""Queries about direct debits whose return is new on an account, and mandates that the bank's word ended."""

from collections.abc import Collection
from datetime import date

import asyncpg

from services.billing.domain.ended_by_bank import Returned

_RETURNED = """
select entry.account_id::text, account.account_ref, payment.payment_id, payment.unit_id, reversal.reversal_id,
  sum(entry.amount_pence)::bigint, payment.received_on, reversal.reversed_on, reversal.reason
from billing.entries as entry
join billing.accounts as account on account.account_id = entry.account_id and account.ownership_id <> ''
join billing.reversals as reversal on reversal.reversal_id = entry.fact_id
join billing.payments as payment on payment.payment_id = reversal.payment_id and payment.method = 'direct-debit'
where entry.book = $1 and entry.fact_kind = 'reversal' and entry.account_id is not null
group by entry.account_id, account.account_ref, payment.payment_id, reversal.reversal_id
having sum(entry.amount_pence) > 0
"""
_BEARERS = """
select distinct fact_id, account_id::text from (
  select entry.fact_id, entry.account_id from billing.entries as entry
  where entry.account_id = any(array(
      select account_id from billing.accounts where account_id = any($1::uuid[]) or unit_id = any($2::text[])))
    and entry.fact_kind = 'reversal' and entry.fact_id = any($3::text[]) and entry.book < $4
  group by entry.fact_id, entry.account_id, entry.book having sum(entry.amount_pence) > 0) as stood
"""
_WITHDRAWN = """
select it.account_id::text from billing.mandate_ends as over join billing.mandates as it using (mandate_id)
where over.ended_on = $1 and over.bank_code is not null
"""


async def load_withdrawn(connection: asyncpg.Connection, book: date) -> set[str]:
    """Return the accounts with a mandate that ended in a book because the bank told so outside a return."""
    return {row[0] for row in await connection.fetch(_WITHDRAWN, book)}


async def load_returned(connection: asyncpg.Connection, book: date) -> list[Returned]:
    """Return the direct debits that a book takes back from owners' accounts, whatever the bank's words."""
    return [Returned(*row) for row in await connection.fetch(_RETURNED, book)]


async def load_bearers(
    connection: asyncpg.Connection, returned: Collection[Returned], book: date
) -> dict[str, set[str]]:
    """Return by reversal who bore it at the end of an earlier book, of its own accounts and those of its unit."""
    accounts = {one.account_id for one in returned}
    units = {one.unit_id for one in returned if one.unit_id is not None}
    names = {one.reversal_id for one in returned}
    bearers: dict[str, set[str]] = {}
    for row in await connection.fetch(_BEARERS, list(accounts), list(units), list(names), book):
        bearers.setdefault(row["fact_id"], set()).add(row["account_id"])
    return bearers
