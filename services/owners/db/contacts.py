"""Queries about contacts: everything ever said of a party, and what was last said of each contact."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.owners.domain.contacts import Statement
from services.owners.domain.newest import Stamp
from shared.events.owners import ContactDetailsChanged, ContactKind

ContactKey = tuple[ContactKind, str]
"""Whose contact: a party's, or the billing contact of an ownership."""

_STATEMENTS = """
select party_id, told_at, event_id, source, fields::text from owners.contact_statements where party_id = any($1)
"""
# The order of stamps is that of code points, whatever order the database has for words.
_NEWEST = """
select distinct on (said.party_id, field.key)
  said.party_id, said.told_at, said.event_id, said.source, field.key, field.value::text
from owners.contact_statements as said, jsonb_each(said.fields) as field
where said.party_id = any($1)
order by said.party_id, field.key, said.told_at desc, said.event_id collate "C" desc, said.source collate "C" desc
"""
_ADD = """
insert into owners.contact_statements (party_id, event_uid, told_at, event_id, source, book, fields)
select party_id, event_uid, told_at, event_id, source, $7, fields::jsonb
from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
  as said(party_id, event_uid, told_at, event_id, source, fields)
"""
_SAID = """
select content::text from owners.contacts join unnest($1::text[], $2::text[]) as wanted(kind, contact_id)
  using (kind, contact_id)
"""
_STORE = """
insert into owners.contacts (kind, contact_id, content)
select kind, contact_id, content::jsonb
from unnest($1::text[], $2::text[], $3::text[]) as said(kind, contact_id, content)
on conflict (kind, contact_id) do update set content = excluded.content
"""
_PAGE = "select distinct party_id from owners.contact_statements where party_id > $1 order by party_id limit $2"


async def add_statements(connection: asyncpg.Connection, said: Sequence[tuple[UUID, Statement]], book: date) -> None:
    """Keep what events (by uid) said of parties, learnt in ``book``."""
    if not said:
        return
    statements = [statement for _, statement in said]
    await connection.execute(
        _ADD,
        [one.party_id for one in statements],
        [uid for uid, _ in said],
        [one.stamp.told_at for one in statements],
        [one.stamp.event_id for one in statements],
        [one.stamp.source for one in statements],
        [json.dumps(dict(one.fields)) for one in statements],
        book,
    )


async def load_statements(connection: asyncpg.Connection, party_ids: Collection[str]) -> dict[str, list[Statement]]:
    """Return everything ever said of each of the parties."""
    found: defaultdict[str, list[Statement]] = defaultdict(list)
    for row in await connection.fetch(_STATEMENTS, list(party_ids)):
        stamp = Stamp(row["told_at"], row["event_id"], row["source"])
        found[row["party_id"]].append(Statement(row["party_id"], stamp, json.loads(row["fields"])))
    return found


async def load_newest(connection: asyncpg.Connection, party_ids: Collection[str]) -> dict[str, list[Statement]]:
    """Return what was said last of each field of each of the parties: as much as folding everything comes to."""
    found: defaultdict[str, list[Statement]] = defaultdict(list)
    for party_id, told_at, event_id, source, name, value in await connection.fetch(_NEWEST, list(party_ids)):
        found[party_id].append(Statement(party_id, Stamp(told_at, event_id, source), {name: json.loads(value)}))
    return found


async def load_contacts(
    connection: asyncpg.Connection, keys: Collection[ContactKey]
) -> dict[ContactKey, ContactDetailsChanged]:
    """Return what was last said of each of the contacts."""
    rows = await connection.fetch(_SAID, [str(kind) for kind, _ in keys], [contact_id for _, contact_id in keys])
    contacts = (ContactDetailsChanged.model_validate_json(row["content"]) for row in rows)
    return {(contact.kind, contact.contact_id): contact for contact in contacts}


async def store_contacts(connection: asyncpg.Connection, said: Sequence[ContactDetailsChanged]) -> None:
    """Keep what is now said of each contact."""
    if not said:
        return
    await connection.execute(
        _STORE,
        [str(one.kind) for one in said],
        [one.contact_id for one in said],
        [one.model_dump_json(exclude_none=True) for one in said],
    )


async def list_parties(connection: asyncpg.Connection, after: str, limit: int) -> list[str]:
    """Return the next ``limit`` parties after one that anything was ever said of, in order of id."""
    return [row["party_id"] for row in await connection.fetch(_PAGE, after, limit)]
