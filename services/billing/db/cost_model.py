"""Queries about the cost of factoring: costs that officers recorded, and what the ledger says of fees and debts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.domain.cost_model import EARNED, FEES, CostKind
from services.billing.domain.write_offs import Ground
from shared.db.engine import LONG_SECONDS

_ADD = """
insert into billing.tracked_costs (command_uid, book, kind, incurred_on, amount_pence, note)
values ($1, $2, $3, $4, $5, $6)
"""
_LIST = """
select command_uid::text as cost_id, kind, incurred_on, amount_pence, note, book from billing.tracked_costs
where incurred_on between $1 and $2 and ($3::date is null or book <= $3) order by incurred_on, book, command_uid
"""
_FEES = """
select ledger, -sum(amount_pence)::bigint as pence from billing.entries
where ledger = any($1::text[]) and value_on between $2 and $3 and ($4::date is null or book <= $4)
group by ledger order by ledger
"""
_BAD_DEBT = """
select coalesce(sum(entry.amount_pence), 0)::bigint,
  coalesce(sum(entry.amount_pence) filter (where it.ground = $1 and charge.kind <> all($5::text[])), 0)::bigint
from billing.entries as entry join billing.write_offs as it on it.write_off_id = entry.fact_id
join billing.charges as charge on charge.charge_id = it.charge_id
where entry.ledger = 'bad-debt' and entry.value_on between $2 and $3 and ($4::date is null or entry.book <= $4)
"""
_UNITS = """
select count(*) from billing.units where managed_from <= $1 and (managed_to is null or managed_to >= $1)
"""


@dataclass(frozen=True, slots=True)
class CostRow:
    """A cost as it was recorded; negative pence correct an earlier one."""

    cost_id: str
    kind: CostKind
    incurred_on: date
    amount_pence: int
    note: str
    book: date


async def add_cost(
    connection: asyncpg.Connection,
    command_uid: UUID,
    book: date,
    kind: CostKind,
    incurred_on: date,
    pence: int,
    note: str,
) -> None:
    """Record a cost."""
    await connection.execute(_ADD, command_uid, book, kind, incurred_on, pence, note)


async def list_costs(
    connection: asyncpg.Connection, first: date, last: date, known_at: date | None
) -> Sequence[CostRow]:
    """Return the costs of some days, oldest first."""
    rows = await connection.fetch(_LIST, first, last, known_at)
    return [CostRow(row[0], CostKind(row[1]), *row[2:]) for row in map(tuple, rows)]


async def sum_fees(connection: asyncpg.Connection, first: date, last: date, known_at: date | None) -> dict[str, int]:
    """Return what fees of some days brought, net of tax and less credits, by ledger account."""
    rows = await connection.fetch(_FEES, list(FEES), first, last, known_at, timeout=LONG_SECONDS)
    return {row["ledger"]: row["pence"] for row in rows}


async def sum_bad_debt(
    connection: asyncpg.Connection, first: date, last: date, known_at: date | None
) -> tuple[int, int]:
    """Return the ledger's bad debts of some days, less what was paid after all; and what of them other owners carry.

    Of fees they carry nothing here: what they are charged for one stands among the fees.
    """
    wanted = (Ground.RULE_5, first, last, known_at, list(EARNED))
    row = await connection.fetchrow(_BAD_DEBT, *wanted, timeout=LONG_SECONDS)
    assert row is not None
    return row[0], row[1]


async def count_units(connection: asyncpg.Connection, day: date) -> int:
    """Return how many units are managed on a day."""
    return int(await connection.fetchval(_UNITS, day))
