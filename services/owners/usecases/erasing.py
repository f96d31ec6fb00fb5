"""A person is erased when two people decide so: everything that says who they are goes, ids, lines and money stay."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.owners.db import erasures
from services.owners.domain.contacts import erased, without
from services.owners.usecases import contacts
from shared.bus import forgetting
from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.decode import decode
from shared.events.envelope import encode
from shared.events.housing import OwnershipChanged
from shared.events.owners import ContactDetailsChanged, ContactKind
from shared.events.topics import OWNERSHIP_CHANGED
from shared.log_events import LogEvent

_KINDS = {"party_id": ContactKind.PARTY, "ownership_id": ContactKind.BILLING_CONTACT}


async def check(work: Work, proposal: Proposal) -> None:
    """Refuse what could not be erased: somebody unknown, erased before, or named in an open dead letter."""
    await _terms(await driver(work.session), _named(proposal.body))


async def erase(work: Work, proposal: Proposal) -> Json:
    """Blank everything kept of a contact and say so; returns how many put-aside records were blanked.

    ``also``: ownerships whose billing contact has the same e-mail address; each is erased by a command of its own.
    """
    connection, one = await driver(work.session), _named(proposal.body)
    units = await erasures.units_of(connection, one.kind, one.contact_id)
    party = [f"party:{one.contact_id}"] if one.kind is ContactKind.PARTY else []
    await work.lock(exclusive=[*party, *(f"unit:{unit_id}" for unit_id in units)])
    terms = await _terms(connection, one)
    also = await erasures.billing_contacts_at(connection, terms)
    await erasures.add(connection, one.kind, one.contact_id, work.book)
    letters = await forgetting.blank_letters(connection, terms)
    held = await _rewrite_held(connection, one, terms, units)
    await erasures.blank(connection, one.kind, one.contact_id)
    await contacts.say_erased(work, one)
    if one.kind is ContactKind.PARTY:
        await contacts.say_billing_contacts_again(work, units)
    return {"letters": letters, "held": held, "also": [name for name in also if name != one.contact_id]}


async def without_erased(
    connection: asyncpg.Connection, events: Sequence[Event[OwnershipChanged]]
) -> list[Event[OwnershipChanged]]:
    """Return changes of owner as they may be kept: whatever comes late says nothing of somebody who was erased."""
    parties = {party.party_id for event in events for party in event.data.parties}
    gone = await erasures.erased_parties(connection, parties)
    forwarding = {event.data.unit_id for event in events if event.data.outgoing_forwarding_address}
    left = await erasures.units_of_erased(connection, forwarding) if forwarding else set()
    left |= _units_of([event.data for event in events], gone)
    return [
        event._replace(data=without(event.data, gone, no_forwarding=event.data.unit_id in left))
        if gone or event.data.unit_id in left
        else event
        for event in events
    ]


def _named(body: Json) -> ContactDetailsChanged:
    """Return whom a proposal is about, as erased."""
    match list(body.items()):
        case [(("party_id" | "ownership_id") as name, str(contact_id))] if contact_id:
            return erased(_KINDS[name], contact_id)
    raise NotValidError("An erasure names one party_id, or one ownership_id for its billing contact.")


async def _terms(connection: asyncpg.Connection, one: ContactDetailsChanged) -> list[str]:
    """Return what identifies a contact in bytes put aside; raises when it cannot be erased now."""
    key = (one.kind, one.contact_id)
    if not await erasures.is_known(connection, *key):
        raise NotKnownError(f"Nothing was ever told of {_words(one)}.")
    if (await contacts.load(connection, key)) == one:
        raise NotNowError(f"{_words(one)} was erased already.")
    ways = await erasures.ways_to_reach(connection, *key)
    terms = [f'"{one.contact_id}"', *ways] if one.kind is ContactKind.PARTY else ways
    letters = await forgetting.open_letters(connection, terms)
    if letters:
        raise NotNowError(f"Re-drive or discard these dead letters of owners first, they name them: {letters}.")
    return terms


def _words(one: ContactDetailsChanged) -> str:
    return f"{'party' if one.kind is ContactKind.PARTY else 'the billing contact of'} {one.contact_id}"


def _units_of(data: Sequence[OwnershipChanged], party_ids: Collection[str]) -> set[str]:
    """Return the units of which changes name one of the parties."""
    return {one.unit_id for one in data if any(party.party_id in party_ids for party in one.parties)}


async def _rewrite_held(
    connection: asyncpg.Connection, one: ContactDetailsChanged, terms: Sequence[str], units: Sequence[str]
) -> int:
    """Let changes of owner that wait go on waiting without the person; returns how many.

    Of a party's own ``units``, and those that wait, also without the address to which a sale says its owners went.
    """
    parties = [one.contact_id] if one.kind is ContactKind.PARTY else []
    named = await _held_changes(connection, terms)
    homes = {*units, *_units_of([event.data for event in named.values()], parties)} if parties else set()
    beside = await _held_changes(connection, [f'"{unit_id}"' for unit_id in homes])
    rewritten = 0
    for uid, event in (beside | named).items():
        data = without(event.data, parties, ways=terms, no_forwarding=event.data.unit_id in homes)
        if uid in named or data != event.data:
            value = encode(OWNERSHIP_CHANGED, data, id=event.id, source=event.source, time=event.time)
            await forgetting.rewrite_held(connection, uid, value)
            rewritten += 1
    return rewritten


async def _held_changes(connection: asyncpg.Connection, terms: Sequence[str]) -> dict[UUID, Event[Any]]:
    """Return the changes of owner that wait and hold one of the terms, locked until the transaction ends."""
    found: dict[UUID, Event[Any]] = {}
    for uid, record in await forgetting.lock_held_records(connection, terms):
        event = decode(record)
        assert isinstance(event, Event), "what could not be read was never held"
        if isinstance(event.data, OwnershipChanged):
            found[uid] = event
    return found


ERASURE = Kind(
    "erasure",
    may_propose=frozenset({"admin-team", "lead-officer"}),
    may_approve=frozenset({"lead-officer", "board"}),
    subject_of=lambda body: _named(body).contact_id,
    apply=erase,
    check=check,
    event=LogEvent.ERASURE_DONE,
)
