"""A billing ledger of any size, written straight into the tables: flats, and whole quarters of charges and payments."""

import json
from datetime import date

import asyncpg

from services.billing.domain import refs

CHARGES = 5
"""Charges of a flat in a quarter, as the trade has them."""
_AT_ONCE = 5_000
_PENCE, _TAX = 5_000, 500
_QUARTER = f"""
create temporary table raised on commit drop as
select account_id, unit_id, 'CH-' || unit_id || '-' || to_char($3::date, 'YYYYMM') || '-' || nth as charge_id,
  $3::date + nth as raised_on
from billing.accounts, generate_series(1, {CHARGES}) as nth where unit_id >= $1 and unit_id <= $2
"""
_WRITE = (
    f"""
insert into billing.charges (charge_id, event_uid, source, event_id, sha, book, kind, unit_id, net_pence, tax_pence,
  description, liable_from, liable_to, raised_on)
select charge_id, md5(charge_id)::uuid, 'housing/bench', charge_id, sha256(charge_id::bytea), raised_on, 'cleaning',
  unit_id, {_PENCE - _TAX}, {_TAX}, 'Stair cleaning', raised_on, raised_on, raised_on from raised
""",
    f"""
insert into billing.charge_parts (charge_id, part_no, unit_id, account_id, net_pence, tax_pence)
select charge_id, 0, unit_id, account_id, {_PENCE - _TAX}, {_TAX} from raised
""",
    f"""
insert into billing.entries (cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book,
  fact_kind, fact_id, charge_id)
select md5(charge_id)::uuid, posting_no, ledger, case when posting_no = 0 then account_id end, pence, tax, raised_on,
  raised_on, 'charge', charge_id, charge_id
from raised, (values (0, 'receivable', {_PENCE}, {_TAX}), (1, 'income:cleaning', {_TAX - _PENCE}, 0),
  (2, 'tax', -{_TAX}, -{_TAX})) as posting(posting_no, ledger, pence, tax)
""",
)
_SETTLE = (
    """
create temporary table settled on commit drop as
select account_id, account_ref, 'PAY-' || unit_id || '-' || to_char($1::date, 'YYYYMM') as payment_id,
  ($1::date + 40) as paid_on from billing.accounts
""",
    f"""
insert into billing.payments (payment_id, event_uid, source, event_id, sha, book, amount_pence, received_on, method,
  account_ref, account_id)
select payment_id, md5(payment_id)::uuid, 'housing/bench', payment_id, sha256(payment_id::bytea), paid_on,
  {CHARGES * _PENCE}, paid_on, 'direct-debit', account_ref, account_id from settled
""",
    f"""
insert into billing.entries (cause_uid, posting_no, ledger, account_id, amount_pence, tax_pence, value_on, book,
  fact_kind, fact_id, payment_id)
select md5(payment_id)::uuid, posting_no, ledger, case when posting_no = 0 then account_id end, pence, 0, paid_on,
  paid_on, 'payment', payment_id, payment_id
from settled, (values (0, 'receivable', -{CHARGES * _PENCE}), (1, 'bank', {CHARGES * _PENCE})) as
  posting(posting_no, ledger, pence)
""",
)
_STATEMENTS = f"""
insert into billing.statements (account_id, quarter, statement_no, issued_on, due_on, brought_forward_pence,
  total_pence, balance_pence, line_count)
select account_id, $2, account_ref || '-' || $2, $1::date, $1::date + 28, case when $3 then 0 else {CHARGES * _PENCE} end,
  case when $3 then {CHARGES * _PENCE} else 0 end, {CHARGES * _PENCE}, {CHARGES} + case when $3 then 0 else 1 end
from billing.accounts
"""  # noqa: E501 - read as it stands


def unit_id(number: int) -> str:
    """Return the id of a flat."""
    return f"U{number:06d}"


async def register(sql: asyncpg.Connection, units: int) -> None:
    """Write flats, each with one owner since 2020 and the owner's account."""
    for first in range(0, units, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, units))
        await _copy(sql, "units", ("unit_id", "development_id", "tenure", "managed_from"),
                    [(unit_id(n), "D1", "owned", date(2020, 1, 1)) for n in numbers])  # fmt: skip
        await _copy(sql, "lines", ("unit_id", "version", "book", "body", "stays"), [_line(n) for n in numbers])
        await _copy(sql, "accounts", ("account_id", "account_ref", "unit_id", "ownership_id", "book"),
                    [_account(n) for n in numbers])  # fmt: skip


async def _copy(
    sql: asyncpg.Connection, table: str, columns: tuple[str, ...], records: list[tuple[object, ...]]
) -> None:
    await sql.copy_records_to_table(table, schema_name="billing", columns=columns, records=records)


def _account(number: int) -> tuple[object, ...]:
    unit, owner = unit_id(number), f"O{number:06d}"
    return (refs.account_id(unit, owner), refs.account_ref(unit, owner), unit, owner, date(2020, 1, 1))


def _line(number: int) -> tuple[object, ...]:
    unit, owner = unit_id(number), f"O{number:06d}"
    period = {"ownership_id": owner, "from": "2020-01-01", "party_ids": [f"P{number:06d}"]}
    body = {"unit_id": unit, "version": 1, "line": [period]}
    stays = [[refs.account_id(unit, owner), "2020-01-01", None]]
    return (unit, 1, date(2020, 1, 1), json.dumps(body), json.dumps(stays))


async def charge_quarter(sql: asyncpg.Connection, first_on: date, units: int) -> None:
    """Write the charges of a quarter that begins on ``first_on``."""
    for first in range(0, units, _AT_ONCE):
        async with sql.transaction():
            await sql.execute(_QUARTER, unit_id(first), unit_id(min(first + _AT_ONCE, units) - 1), first_on)
            for statement in _WRITE:
                await sql.execute(statement)


async def pay_quarter(sql: asyncpg.Connection, first_on: date, quarter: str, *, opening: bool) -> None:
    """Write the statements issued on a quarter's first day for the one before it (``opening``: the first ever), and
    the payment of every one of them."""
    async with sql.transaction():
        await sql.execute(_STATEMENTS, first_on, quarter, opening)
        await sql.execute(_SETTLE[0], first_on)
        for statement in _SETTLE[1:]:
            await sql.execute(statement)
