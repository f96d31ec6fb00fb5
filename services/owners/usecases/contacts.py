"""Contacts: how to reach parties and billing contacts; said whole whenever what holds changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from services.owners.db import changes, contacts, erasures
from services.owners.domain.chains import Chain, chains_of
from services.owners.domain.changes import change_of
from services.owners.domain.contacts import (
    Statement,
    billing_details,
    details_of,
    stated_by_contact,
    stated_by_party,
)
from services.owners.domain.line import successors
from services.owners.domain.newest import Stamp
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import ContactChanged, OwnershipChanged
from shared.events.owners import ContactDetailsChanged
from shared.events.topics import OWNERS_CONTACT

Heard = tuple[Event[Any], Statement]
"""What an event says of one party."""


async def change_contacts(work: Work, events: Sequence[Event[ContactChanged]]) -> None:
    """Keep what the events say of parties, and say the contacts that changed by it."""
    await work.lock(exclusive=(f"party:{event.data.party_id}" for event in events))
    await _hear(
        work, [(event, _statement(event, event.data.party_id, stated_by_contact(event.data))) for event in events]
    )


async def hear_of_parties(work: Work, events: Sequence[Event[OwnershipChanged]]) -> None:
    """Count in what accepted changes of owner say of their parties (the caller holds the parties' locks)."""
    heard: dict[tuple[str, str], Heard] = {}
    for event in events:
        for party in event.data.parties:
            statement = _statement(event, party.party_id, stated_by_party(party))
            heard[event.data.change_id, party.party_id] = (event, statement)
    await _hear(work, list(heard.values()))


async def say_billing_contacts(work: Work, causes: Mapping[str, Event[Any]], history: changes.History) -> None:
    """Say the billing contact of each ownership of the units whose standing changes tell another than before."""
    await _say(work, [(cause, one) for unit_id, cause in causes.items() for one in billing_contacts(history[unit_id])])


async def say_billing_contacts_again(work: Work, unit_ids: Collection[str]) -> None:
    """Say the billing contacts of units of which an erasure took something."""
    history = await changes.load_history(await driver(work.session), unit_ids)
    await _say(work, [(None, one) for unit_id in unit_ids for one in billing_contacts(history[unit_id])])


def billing_contacts(history: Sequence[OwnershipChanged]) -> list[ContactDetailsChanged]:
    """Return the billing contact of each ownership of a unit, empty where nothing stands of one.

    It has the forwarding address too that was told with the change which ended the ownership.
    """
    told = {change.change_id: change for change in history}
    chains = chains_of([change_of(change) for change in history])
    following = successors(chains)

    def details(chain: Chain) -> ContactDetailsChanged:
        ending = following.get(chain.ownership_id)
        return billing_details(
            chain.ownership_id,
            told[chain.standing.change_id].billing_contact if chain.standing else None,
            told[ending.change_id].outgoing_forwarding_address if ending else None,
        )

    return [details(chain) for chain in chains]


def _statement(event: Event[Any], party_id: str, fields: Mapping[str, Any]) -> Statement:
    return Statement(party_id, Stamp.of(event), fields)


async def _hear(work: Work, heard: Sequence[Heard]) -> None:
    """Keep the statements, fold what is newest, and say what came out different; of the erased, nothing is kept."""
    connection = await driver(work.session)
    causes = {statement.party_id: event for event, statement in heard}
    gone = await erasures.erased_parties(connection, causes)
    kept = [(event.uid, statement) for event, statement in heard if statement.party_id not in gone]
    await contacts.add_statements(connection, kept, work.book)
    known = await contacts.load_newest(connection, causes.keys() - gone)
    await _say(work, [(causes[party_id], details_of(party_id, told)) for party_id, told in known.items()])


async def _say(work: Work, wanted: Sequence[tuple[Event[Any] | None, ContactDetailsChanged]]) -> None:
    """Say the contacts that differ from what was said of them last; of one that was never said, empty says nothing."""
    connection = await driver(work.session)
    before = await contacts.load_contacts(connection, [(one.kind, one.contact_id) for _, one in wanted])
    changed = {
        (one.kind, one.contact_id): (cause, one)
        for cause, one in wanted
        if one != before.get((one.kind, one.contact_id), empty(one))
    }
    await contacts.store_contacts(connection, [one for _, one in changed.values()])
    for _, (cause, one) in sorted(changed.items(), key=lambda item: item[0]):
        work.stage(OWNERS_CONTACT, one, cause=cause)


async def load(connection: asyncpg.Connection, key: contacts.ContactKey) -> ContactDetailsChanged | None:
    """Return what was last said of a contact."""
    return (await contacts.load_contacts(connection, [key])).get(key)


async def say_erased(work: Work, contact: ContactDetailsChanged) -> None:
    """Say that a contact is erased, and let Kafka forget what was said of it before."""
    await contacts.store_contacts(await driver(work.session), [contact])
    work.stage(OWNERS_CONTACT, contact)
    work.clear(OWNERS_CONTACT, contact.contact_id)


def empty(contact: ContactDetailsChanged) -> ContactDetailsChanged:
    """Return the contact of which nothing was ever said."""
    return ContactDetailsChanged(contact_id=contact.contact_id, kind=contact.kind)
