"""How to reach a party: field by field the newest statement holds, and ``null`` takes a field away.

Source: contract.md section 2 (contact-changed); what an ownership change says of its parties counts in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from services.owners.domain.newest import Stamp
from shared.events.housing import BillingContact, ContactChanged, OwnerParty
from shared.events.owners import ContactDetailsChanged, ContactKind

FIELDS = ("name", "email", "phone", "correspondence_address", "channel", "e_billing_agreed_on")
"""The fields of a contact, each with a history of its own."""


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


def details_of(party_id: str, statements: Collection[Statement]) -> ContactDetailsChanged:
    """Fold everything ever said about a party into the contact that holds now."""
    newest: dict[str, Any] = {}
    for statement in sorted(statements, key=lambda one: one.stamp):
        newest.update(statement.fields)
    return ContactDetailsChanged.model_validate(
        {"contact_id": party_id, "kind": ContactKind.PARTY, **newest}, strict=False
    )


def billing_details(ownership_id: str, contact: BillingContact | None) -> ContactDetailsChanged:
    """Return the billing contact of an ownership, empty when its standing change names none."""
    if contact is None:
        return ContactDetailsChanged(contact_id=ownership_id, kind=ContactKind.BILLING_CONTACT)
    return ContactDetailsChanged(
        contact_id=ownership_id, kind=ContactKind.BILLING_CONTACT, name=contact.name, email=contact.email,
        correspondence_address=contact.address,
    )  # fmt: skip
