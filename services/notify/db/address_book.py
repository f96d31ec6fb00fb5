"""The address book: contacts, units, ownerships and accounts, as owners and billing said them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from services.notify.domain.recipients import Contact, Contacts
from shared.events.base import Event
from shared.events.billing import AccountOpened
from shared.events.housing import Address, ChannelChoice
from shared.events.owners import ContactDetailsChanged, ContactKind, OwnershipLineChanged, UnitChanged

_STORE_CONTACTS = """
insert into notify.contacts (kind, contact_id, name, email, address, forwarding, channel, erased)
select kind, contact_id, name, email, address::jsonb, forwarding::jsonb, channel, erased
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
  as said(kind, contact_id, name, email, address, forwarding, channel, erased)
on conflict (kind, contact_id) do update set name = excluded.name, email = excluded.email, address = excluded.address,
  forwarding = excluded.forwarding, channel = excluded.channel, erased = excluded.erased
"""
_LOAD_CONTACTS = """
select kind, contact_id, name, email, address::text, forwarding::text, channel from notify.contacts
join unnest($1::text[], $2::text[]) as wanted(kind, contact_id) using (kind, contact_id)
"""
_STORE_UNITS = """
insert into notify.units (unit_id, address)
select unit_id, address::jsonb from unnest($1::text[], $2::text[]) as said(unit_id, address)
on conflict (unit_id) do update set address = excluded.address
"""
_CLEAR_LINES = "update notify.ownerships set in_line = false where unit_id = any($1) and in_line"
_STORE_PERIODS = """
insert into notify.ownerships (unit_id, ownership_id, from_on, to_on, party_ids, billing_contact, internal, in_line)
select unit_id, ownership_id, from_on, to_on, string_to_array(party_ids, ' '), billing_contact, internal, true
from unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[], $6::bool[], $7::bool[])
  as said(unit_id, ownership_id, from_on, to_on, party_ids, billing_contact, internal)
on conflict (unit_id, ownership_id) do update set from_on = excluded.from_on, to_on = excluded.to_on,
  party_ids = excluded.party_ids, billing_contact = excluded.billing_contact, internal = excluded.internal,
  in_line = true
"""
# An id holds no space, so a list of ids travels as one text.
_ADD_ACCOUNTS = """
insert into notify.accounts (account_id, account_ref, unit_id, ownership_id, internal, sha)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bytea[])
on conflict (account_id) do nothing returning account_id
"""
_ACCOUNT_SHAS = "select account_id, sha from notify.accounts where account_id = any($1)"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Which business ids were new, and the content hash that stands for each."""

    new: set[str]
    shas: dict[str, bytes]


async def store_contacts(connection: asyncpg.Connection, said: Sequence[ContactDetailsChanged]) -> None:
    """Keep each contact as it was said last; an erased one keeps its id only."""
    newest = {(one.kind, one.contact_id): one for one in said}.values()
    await connection.execute(
        _STORE_CONTACTS,
        [one.kind for one in newest],
        [one.contact_id for one in newest],
        [one.name for one in newest],
        [one.email for one in newest],
        [_as_json(one.correspondence_address) for one in newest],
        [_as_json(one.forwarding_address) for one in newest],
        [one.channel for one in newest],
        [one.erased for one in newest],
    )


async def load_contacts(connection: asyncpg.Connection, keys: Collection[tuple[ContactKind, str]]) -> Contacts:
    """Return the contacts that are known of those wanted."""
    rows = await connection.fetch(_LOAD_CONTACTS, [kind for kind, _ in keys], [contact_id for _, contact_id in keys])
    return {(ContactKind(row["kind"]), row["contact_id"]): _contact(row) for row in rows}


def _contact(row: asyncpg.Record) -> Contact:
    return Contact(
        kind=ContactKind(row["kind"]),
        contact_id=row["contact_id"],
        name=row["name"],
        email=row["email"],
        address=_address(row["address"]),
        forwarding=_address(row["forwarding"]),
        channel=ChannelChoice(row["channel"]) if row["channel"] else None,
    )


def _as_json(address: Address | None) -> str | None:
    return address.model_dump_json() if address else None


def _address(content: str | None) -> Address | None:
    return Address.model_validate_json(content) if content else None


async def store_units(connection: asyncpg.Connection, said: Sequence[UnitChanged]) -> None:
    """Keep each unit's address as it was said last."""
    newest = {one.unit_id: one.address.model_dump_json() for one in said}
    await connection.execute(_STORE_UNITS, list(newest), list(newest.values()))


async def store_lines(connection: asyncpg.Connection, said: Sequence[OwnershipLineChanged]) -> None:
    """Keep each unit's line as it was said last; an ownership that left the line keeps the parties last known."""
    newest = {one.unit_id: one for one in said}
    periods = [
        (unit_id, period) for unit_id, one in newest.items() for period in one.line if period.ownership_id is not None
    ]
    await connection.execute(_CLEAR_LINES, list(newest))
    await connection.execute(
        _STORE_PERIODS,
        [unit_id for unit_id, _ in periods],
        [period.ownership_id for _, period in periods],
        [period.from_ for _, period in periods],
        [period.to for _, period in periods],
        [" ".join(period.party_ids) for _, period in periods],
        [period.billing_contact for _, period in periods],
        [period.internal for _, period in periods],
    )


async def add_accounts(connection: asyncpg.Connection, opened: Sequence[Event[AccountOpened]]) -> Claimed:
    """Keep the accounts that are new; returns which these are, and the content hash of each of those named."""
    first = {event.data.account_id: event for event in reversed(opened)}
    new = await connection.fetch(
        _ADD_ACCOUNTS,
        list(first),
        [event.data.account_ref for event in first.values()],
        [event.data.unit_id for event in first.values()],
        [event.data.ownership_id for event in first.values()],
        [event.data.internal for event in first.values()],
        [event.sha for event in first.values()],
    )
    shas = {row["account_id"]: bytes(row["sha"]) for row in await connection.fetch(_ACCOUNT_SHAS, list(first))}
    return Claimed({row["account_id"] for row in new}, shas)
