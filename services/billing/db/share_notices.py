"""Queries about notices of missing shares: who carries one and was not told yet, and noting that they were."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from shared.events.housing import ChargeKind

_CREDITED = "coalesce((select sum(amount_pence) from billing.credits where charge_id = charge.charge_id), 0)"
_UNTOLD = f"""
select charge.charge_id, charge.share_set_id, (charge.net_pence + charge.tax_pence - {_CREDITED})::bigint,
  account.account_id::text, account.account_ref, account.unit_id, account.ownership_id,
  max(part.share), sum(part.net_pence + part.tax_pence)::bigint
from billing.charges as charge
join billing.charge_parts as part on part.charge_id = charge.charge_id
join billing.accounts as account on account.account_id = part.account_id and account.ownership_id <> ''
where charge.share_set_id = any($1::text[]) and not exists (
  select from billing.share_notices as told
  where told.charge_id = charge.charge_id and told.account_id = account.account_id)
group by charge.charge_id, account.account_id having sum(part.net_pence + part.tax_pence) > 0
order by charge.charge_id, account.account_ref
"""  # noqa: S608 - ours
_COSTS = f"""
select charge_id, kind, description, (net_pence + tax_pence - {_CREDITED})::bigint
from billing.charges as charge where charge_id = any($1::text[])
"""  # noqa: S608 - ours
_ADD = """
insert into billing.share_notices (charge_id, account_id, book)
select charge_id, account_id, $1 from unnest($2::text[], $3::uuid[]) as told(charge_id, account_id)
"""


@dataclass(frozen=True, slots=True)
class Untold:
    """An owner's account that carries a part of a charge and was not told: what is left of the charge, and its part."""

    charge_id: str
    share_set_id: str
    missing_pence: int
    account_id: str
    account_ref: str
    unit_id: str
    ownership_id: str
    share: str
    share_pence: int


@dataclass(frozen=True, slots=True)
class Cost:
    """A common cost as it stands, less its credits, in pence."""

    charge_id: str
    kind: ChargeKind
    description: str
    total_pence: int


async def list_untold(connection: asyncpg.Connection, set_ids: Iterable[str]) -> list[Untold]:
    """Return who carries charges of these share sets and was not told of them, in order of charge and account."""
    return [Untold(*row) for row in await connection.fetch(_UNTOLD, list(set_ids))]


async def load_costs(connection: asyncpg.Connection, charge_ids: Iterable[str]) -> dict[str, Cost]:
    """Return common costs by their charge."""
    rows = await connection.fetch(_COSTS, list(charge_ids))
    return {row[0]: Cost(row[0], ChargeKind(row[1]), *row[2:]) for row in map(tuple, rows)}


async def add_notices(connection: asyncpg.Connection, book: date, told: Sequence[Untold]) -> None:
    """Note who was told; the database refuses to note an account twice for a charge."""
    await connection.execute(_ADD, book, [one.charge_id for one in told], [one.account_id for one in told])
