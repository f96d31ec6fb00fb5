"""Queries about reserve funds in annual statements: who pays into them, and what the owners of a year were told."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from shared.db.engine import LONG_SECONDS
from shared.events.housing import ChargeKind

_PAYING = """
select account.account_id::text, coalesce(unit.block_id, unit.development_id) as fund_id
from billing.accounts as account join billing.units as unit using (unit_id)
where exists (
    select from billing.entries as entry join billing.charges as charge using (charge_id)
    where entry.account_id = account.account_id and charge.kind = $1)
  and ($2::uuid[] is null or coalesce(unit.block_id, unit.development_id) in (
    select coalesce(theirs.block_id, theirs.development_id)
    from billing.accounts as asked join billing.units as theirs using (unit_id) where asked.account_id = any($2)))
order by account.account_id
"""
_SPENT = """
select fund_id, sum(amount_pence)::bigint as pence from billing.fund_spendings where spent_on <= $1 group by fund_id
"""
_OF_ACCOUNTS = """
select account.account_id::text, told.fund_id, told.left_pence
from billing.accounts as account join billing.units as unit using (unit_id)
join billing.annual_funds as told on told.fund_id = coalesce(unit.block_id, unit.development_id)
where account.account_id = any($1::uuid[]) and told.year = $2 and told.issued_on = $3
"""
_COLUMNS = ("year", "issued_on", "fund_id", "left_pence")


async def list_paying(connection: asyncpg.Connection, account_ids: Sequence[str] | None) -> dict[str, str]:
    """Return by account that was ever asked for a reserve fund which one it pays into, by where its unit is now.

    With ``account_ids`` only who pays into the same funds as these; internal accounts are among them.
    """
    rows = await connection.fetch(_PAYING, ChargeKind.RESERVE_FUND, account_ids, timeout=LONG_SECONDS)
    return {row["account_id"]: row["fund_id"] for row in rows}


async def sum_spent(connection: asyncpg.Connection, as_of: date) -> dict[str, int]:
    """Return by fund the pence spent until a day, less what came back."""
    return {row["fund_id"]: row["pence"] for row in await connection.fetch(_SPENT, as_of)}


async def add_funds(connection: asyncpg.Connection, year: int, day: date, left: Mapping[str, int]) -> None:
    """Note what each fund is said to hold in the statements of a year that are issued on a day."""
    records = [(year, day, fund_id, pence) for fund_id, pence in sorted(left.items())]
    await connection.copy_records_to_table("annual_funds", schema_name="billing", columns=_COLUMNS, records=records)


async def load_of_accounts(
    connection: asyncpg.Connection, account_ids: Sequence[str], year: int, day: date
) -> dict[str, tuple[str, int]]:
    """Return by account its fund and the pence that are said of it on a day; an account without one is left out."""
    rows = await connection.fetch(_OF_ACCOUNTS, account_ids, year, day)
    return {account_id: (fund_id, pence) for account_id, fund_id, pence in rows}
