"""How to reach a party: field by field the newest statement holds, and ``null`` takes a field away.

Source: contract.md section 2 (contact-changed); what an ownership change says of its parties counts in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from services.owners.domain.newest import Stamp
from shared.events.housing import Address, BillingContact, ContactChanged, OwnerParty, OwnershipChanged
from shared.events.owners import ContactDetailsChanged, ContactKind

FIELDS = ("name", "email", "phone", "correspondence_address", "channel", "e_billing_agreed_on")
"""The fields of a contact, each with a history of its own."""


ERASED = "[erased]"
"""What stands for the name of somebody who was erased."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one event said about a party: the fields it named, with their JSON values; ``None`` removes."""

    party_id: str
    stamp: Stamp
    fields: Mapping[str, Any]


def stated_by_contact(data: ContactChanged) -> dict[str, Any]:
    """Return the fields a contact change names; those it leaves out keep what they have."""
    return data.model_dump(mode="json", exclude_unset=True, include=set(FIELDS))


def stated_by_party(party: OwnerParty) -> dict[str, Any]:
    """Return the fields an ownership change gives of a party; here ``null`` means not given."""
    return party.model_dump(mode="json", exclude_none=True, include=set(FIELDS))


def details_of(party_id: str, statements: Collection[Statement], *, is_erased: bool = False) -> ContactDetailsChanged:
    """Fold everything ever said about a party into the contact that holds now; one who was erased stays erased."""
    if is_erased:
        return erased(ContactKind.PARTY, party_id)
    newest: dict[str, Any] = {}
    for statement in sorted(statements, key=lambda one: one.stamp):
        newest.update(statement.fields)
    return ContactDetailsChanged.model_validate(
        {"contact_id": party_id, "kind": ContactKind.PARTY, **newest}, strict=False
    )


def billing_details(
    ownership_id: str, contact: BillingContact | None, forwarding: Address | None = None
) -> ContactDetailsChanged:
    """Return the billing contact of an ownership, empty when its standing change names none.

    ``forwarding``: where the change that ended the ownership says that its owners went.
    """
    if contact is None:
        return ContactDetailsChanged(
            contact_id=ownership_id, kind=ContactKind.BILLING_CONTACT, forwarding_address=forwarding
        )
    if contact.name == ERASED:
        return erased(ContactKind.BILLING_CONTACT, ownership_id)
    return ContactDetailsChanged(
        contact_id=ownership_id, kind=ContactKind.BILLING_CONTACT, name=contact.name, email=contact.email,
        correspondence_address=contact.address, forwarding_address=forwarding,
    )  # fmt: skip


def erased(kind: ContactKind, contact_id: str) -> ContactDetailsChanged:
    """Return the contact of somebody who was erased: the id, and that it is so."""
    return ContactDetailsChanged(contact_id=contact_id, kind=kind, erased=True)


def without(
    data: OwnershipChanged, party_ids: Collection[str], *, ways: Collection[str] = (), no_forwarding: bool = False
) -> OwnershipChanged:
    """Return a change of owner without what it says of erased people; ids and kinds draw the same line.

    A billing contact is one of them when it has one of their e-mail addresses (``ways``) or an erased party's name.
    ``no_forwarding``: the address is that of an earlier owner who was erased.
    """
    names = {one.name for one in data.parties if one.party_id in party_ids}
    parties = tuple(
        OwnerParty(party_id=one.party_id, kind=one.kind, name=ERASED) if one.party_id in party_ids else one
        for one in data.parties
    )
    agent = data.billing_contact
    if agent is not None and (agent.email in ways or agent.name in names):
        agent = BillingContact(name=ERASED)
    address = None if no_forwarding else data.outgoing_forwarding_address
    told = {"parties": parties, "billing_contact": agent, "outgoing_forwarding_address": address}
    return data.model_copy(update=told)
