"""Queries about floats: what is asked of whom, who has come, and where each float stands."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.db.ours import OUR_CREDIT, OUR_OWN
from services.billing.domain import floats
from services.billing.domain.attribution import Account
from services.billing.domain.final_accounts import earliest_exit, within_management
from services.billing.domain.floats import FloatState, FloatTerms, Newcomer
from services.billing.domain.scopes import Place, Scope

_TERMS = """
select scope, scope_id, version, effective_from, amount_pence from billing.float_terms
where $1::date is null or book <= $1 order by scope, scope_id, version
"""
_ADD_TERMS = """
insert into billing.float_terms (command_uid, book, scope, scope_id, version, effective_from, amount_pence)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_GIVEN_BACK = f"sum(part.net_pence) filter (where credit.source = $1 and {OUR_CREDIT})"
_OWNER = f"case when fact.charge_id like $2 || '%' and {OUR_OWN} then split_part(fact.charge_id, ':', 2) end"
_CHANGED = """
select unit_id from billing.lines where book > $1
union select unit_id from billing.lines where last_from > $1
union select unit_id from billing.units where book > $1
union select unit_id from billing.units where managed_from > $1 and managed_from <= $3
union select unit_id from billing.units where managed_to between $2 and $3
union select unit_id from billing.accounts where closed_on between $2 and $3
union select unit_id from billing.charges where kind = 'float' and book > $1 and unit_id is not null
"""
"""The units where something about a float may be new: learnt since the day before, or a day that has come."""
_STATES = f"""
select fact.charge_id, {_OWNER} as owner_ref, fact.unit_id, account.account_ref,
  sum(part.net_pence)::bigint as left_pence, coalesce(-{_GIVEN_BACK}, 0)::bigint as returned_pence
from billing.charges as fact join billing.charge_parts as part using (charge_id)
left join billing.credits as credit on credit.credit_id = part.credit_id
left join billing.accounts as account on account.account_id = part.account_id
left join billing.units as unit on unit.unit_id = fact.unit_id
where fact.kind = 'float' and fact.unit_id = any($3::text[])
group by fact.charge_id, fact.event_uid, fact.unit_id, account.account_ref, account.closed_on, unit.managed_to
having coalesce({_GIVEN_BACK}, 0) < 0 or sum(part.net_pence) > 0 and (
  account.closed_on is not null or unit.managed_to is not null or {_OWNER} <> coalesce(account.account_ref, ''))
order by fact.charge_id
"""  # noqa: S608 - ours
_NEWCOMERS = f"""
select account.account_id::text, account.account_ref, account.unit_id, account.ownership_id,
  (stay ->> 1)::date as from_on, (stay ->> 2)::date as to_on, unit.block_id, unit.development_id,
  greatest((stay ->> 1)::date, unit.managed_from) as first_on, unit.managed_to
from unnest($6::text[]) as changed(unit_id)
cross join lateral (
  select unit_id, stays from billing.lines where lines.unit_id = changed.unit_id order by version desc limit 1
) as newest
cross join lateral jsonb_array_elements(newest.stays::jsonb) as stay
join billing.accounts as account on account.account_id = (stay ->> 0)::uuid and account.ownership_id <> ''
join billing.units as unit on unit.unit_id = newest.unit_id
where greatest((stay ->> 1)::date, unit.managed_from) between $1 and coalesce(unit.managed_to, $2)
  and greatest((stay ->> 1)::date, unit.managed_from) <= $2
  and coalesce((stay ->> 2)::date > unit.managed_from, true)
  and account.account_ref > $4
  and not exists (select from billing.charges as fact where charge_id = $3 || account.account_ref and {OUR_OWN})
  and not exists (
    select from billing.charges as charge join billing.charge_parts as part using (charge_id)
    where charge.kind = 'float' and charge.unit_id = account.unit_id and part.account_id = account.account_id)
order by account.account_ref limit $5
"""  # noqa: S608 - ours


async def load_terms(connection: asyncpg.Connection, known_at: date | None = None) -> list[FloatTerms]:
    """Return every version of what is asked; ``known_at``: that was known at the end of this book."""
    return [FloatTerms(Scope(row[0]), *row[1:]) for row in map(tuple, await connection.fetch(_TERMS, known_at))]


async def add_terms(connection: asyncpg.Connection, command_uid: UUID, book: date, terms: FloatTerms) -> None:
    """Add a version of what is asked."""
    await connection.execute(_ADD_TERMS, command_uid, book, *astuple(terms))


async def list_changed(connection: asyncpg.Connection, last_closed: date, day: date) -> list[str]:
    """Return the units about whose floats a day may have to do something, by what was learnt and whose day has come."""
    return [row["unit_id"] for row in await connection.fetch(_CHANGED, last_closed, earliest_exit(day), day)]


async def list_states(connection: asyncpg.Connection, source: str, unit_ids: Sequence[str]) -> Sequence[FloatState]:
    """Return the floats of units something may be done about: of who leaves, standing by mistake, or given back.

    ``source`` is who gives floats back.  Those that simply stand are passed over.
    """
    return [FloatState(*row) for row in await connection.fetch(_STATES, source, floats.PREFIX, unit_ids)]


async def list_newcomers(
    connection: asyncpg.Connection, unit_ids: Sequence[str], since: date, day: date, after: str, most: int
) -> Sequence[Newcomer]:
    """Return the owners' accounts of units whose first managed day is from ``since`` to ``day``, without a float yet.

    In order of their references; ``after`` is empty at first.
    """
    rows = await connection.fetch(_NEWCOMERS, since, day, floats.PREFIX, after, most, unit_ids)
    return [_newcomer(*row) for row in rows]


def _newcomer(
    account_id: str, ref: str, unit_id: str, ownership_id: str, from_on: date, to_on: date | None, block_id: str | None,
    development_id: str, first_on: date, managed_to: date | None,
) -> Newcomer:  # fmt: skip
    account = Account(account_id, ref, unit_id, ownership_id, False, from_on, to_on)
    return Newcomer(within_management(account, managed_to), Place(unit_id, block_id, development_id), first_on)
