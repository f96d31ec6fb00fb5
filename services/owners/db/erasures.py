"""Queries about erasures: whose contact was erased, and the blanking of what is kept of them."""

from collections.abc import Collection
from datetime import date

import asyncpg

from shared.events.owners import ContactKind

_ADD = "insert into owners.erasures (kind, contact_id, book) values ($1, $2, $3) on conflict do nothing"
_BLANK = "select owners.blank_contact($1, $2)"
_BLANK_FORWARDING = "select owners.blank_forwarding($1)"
_ERASED = "select contact_id from owners.erasures where kind = 'party' and contact_id = any($1)"
_KNOWN = """
with recursive chain as (
  select change_id, content from owners.changes where change_id = $2
  union select later.change_id, later.content from owners.changes as later
    join chain on later.corrects = chain.change_id)
select case when $1 = 'party' then exists (select from owners.contacts where kind = $1 and contact_id = $2)
    or exists (select from owners.contact_statements where party_id = $2)
  else exists (select from chain where content ? 'billing_contact') end
"""
_LEFT = """
select distinct unit_id from owners.changes, jsonb_array_elements(content -> 'parties') as party
where unit_id = any($1) and exists (
  select from owners.erasures where kind = 'party' and contact_id = party ->> 'party_id')
"""
_UNITS = """
select distinct unit_id from owners.changes where case when $1 = 'party'
  then content -> 'parties' @> jsonb_build_array(jsonb_build_object('party_id', $2::text)) else change_id = $2 end
"""
_WAYS = """
select distinct way from (
  select unnest(array[fields ->> 'email', fields ->> 'phone']) as way from owners.contact_statements
    where $1 = 'party' and party_id = $2
  union select unnest(array[content ->> 'email', content ->> 'phone']) from owners.contacts
    where kind = $1 and contact_id = $2) as told
where length(way) > 6 order by way
"""
"""Shorter ones would be found in bytes that have nothing to do with the person."""
_ALSO = """
select contact_id from owners.contacts
where kind = 'billing-contact' and content ->> 'email' = any($1::text[]) order by contact_id
"""


async def add(connection: asyncpg.Connection, kind: ContactKind, contact_id: str, book: date) -> None:
    """Keep that a contact is erased."""
    await connection.execute(_ADD, str(kind), contact_id, book)


async def blank(connection: asyncpg.Connection, kind: ContactKind, contact_id: str) -> None:
    """Blank what changes, statements and what was said hold of a contact whose erasure is kept."""
    await connection.execute(_BLANK, str(kind), contact_id)
    if kind is ContactKind.PARTY:
        await connection.execute(_BLANK_FORWARDING, contact_id)


async def erased_parties(connection: asyncpg.Connection, party_ids: Collection[str]) -> set[str]:
    """Return which of the parties were erased."""
    return {row["contact_id"] for row in await connection.fetch(_ERASED, list(party_ids))}


async def is_known(connection: asyncpg.Connection, kind: ContactKind, contact_id: str) -> bool:
    """Tell whether anything was ever said of a contact."""
    return bool(await connection.fetchval(_KNOWN, str(kind), contact_id))


async def units_of_erased(connection: asyncpg.Connection, unit_ids: Collection[str]) -> set[str]:
    """Return which of the units had an owner who was erased."""
    return {row["unit_id"] for row in await connection.fetch(_LEFT, list(unit_ids))}


async def units_of(connection: asyncpg.Connection, kind: ContactKind, contact_id: str) -> list[str]:
    """Return the units whose changes may tell of a contact."""
    return [row["unit_id"] for row in await connection.fetch(_UNITS, str(kind), contact_id)]


async def ways_to_reach(connection: asyncpg.Connection, kind: ContactKind, contact_id: str) -> list[str]:
    """Return the e-mail addresses and telephone numbers ever told of a contact.  Personal data."""
    return [row["way"] for row in await connection.fetch(_WAYS, str(kind), contact_id)]


async def billing_contacts_at(connection: asyncpg.Connection, ways: Collection[str]) -> list[str]:
    """Return the ownerships whose billing contact has one of these e-mail addresses."""
    return [row["contact_id"] for row in await connection.fetch(_ALSO, list(ways))]
