"""Queries about shares that the other owners carry: which, what of them stands, and what the others carry so far."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

import asyncpg

from services.billing.domain.facts import ShareVersion

_GIVEN_UP = """
select it.write_off_id, account.unit_id, it.charge_id,
  coalesce((select -sum(entry.amount_pence) from billing.entries as entry where entry.account_id = it.account_id
    and entry.fact_kind = 'write-off' and entry.fact_id = it.write_off_id), 0)::bigint
from billing.write_offs as it join billing.accounts as account using (account_id)
where it.ground = $1 order by it.write_off_id
"""
_CARRIED = """
select charge.share_set_id, charge.charge_id,
  (charge.net_pence - coalesce(sum(credit.amount_pence), 0))::bigint as pence
from billing.charges as charge left join billing.credits as credit on credit.charge_id = charge.charge_id
where charge.share_set_id = any($1::text[]) group by charge.charge_id order by charge.book, charge.charge_id
"""
_ADD_SET = """
insert into billing.share_versions (share_set_id, effective_from, complete, members) values ($1, $2, true, $3::jsonb)
on conflict (share_set_id, effective_from) do update set complete = true, members = excluded.members
"""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A share of a charge that the others carry: whose unit's, and what of it nobody has paid yet."""

    write_off_id: str
    unit_id: str
    charge_id: str
    standing_pence: int


async def list_given_up(connection: asyncpg.Connection, ground: str) -> list[GivenUp]:
    """Return the shares that were given up on a ground."""
    return [GivenUp(*row) for row in await connection.fetch(_GIVEN_UP, ground)]


async def load_carried(connection: asyncpg.Connection, set_ids: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Return by share set the charges it divided and what is left of each, oldest first."""
    found: dict[str, list[tuple[str, int]]] = {}
    for set_id, charge_id, pence in await connection.fetch(_CARRIED, list(set_ids)):
        found.setdefault(set_id, []).append((charge_id, pence))
    return found


async def add_set(connection: asyncpg.Connection, version: ShareVersion) -> None:
    """Keep who carries a share from a day on, in place of who was to carry it from that day before."""
    members = zip(version.unit_ids, version.weights, repeat(version.whole))
    await connection.execute(_ADD_SET, version.share_set_id, version.effective_from, json.dumps(list(members)))
