"""What the owners service says: the accepted registry, each unit's whole ownership line, and contacts."""

from enum import StrEnum

from pydantic import Field

from shared.events.base import EventData
from shared.events.housing import Address, Basis, ChannelChoice, Member, Scope, Tenure, TitleForm, UnitKind
from shared.events.types import Day, Id, Text


class UnitChanged(EventData):
    """The registry accepted a unit's facts.  Key: ``unit_id``."""

    unit_id: Id
    development_id: Id
    block_id: Id | None = None
    kind: UnitKind
    address: Address
    floor_area_m2: str | None = None
    tenure: Tenure
    managed_from: Day
    managed_to: Day | None = None
    locality: Text | None = None


class SharesChanged(EventData):
    """The registry accepted a version of a share set; an incomplete one does not total 1 and bills nothing.

    Key: ``share_set_id``.  It replaces the version of the same ``effective_from``.
    """

    share_set_id: Id
    name: Text
    scope: Scope
    basis: Basis
    effective_from: Day
    complete: bool
    members: tuple[Member, ...]


class OwnershipPeriod(EventData):
    """Days ``[from, to)`` of one owner; an internal one belongs to the unit's internal account.

    ``ownership_id`` is absent for the association's days before the first entry.
    """

    ownership_id: Id | None = None
    from_: Day = Field(alias="from")
    to: Day | None = None
    party_ids: tuple[Id, ...] = ()
    form: TitleForm | None = None
    internal: bool = False
    billing_contact: bool = Field(
        default=False, description="Bills go to a contact of this ownership, not to its parties."
    )


class NoPeriod(StrEnum):
    """Why a known chain of changes has no days on the line."""

    VOID = "void"
    SAME_DAY = "same-day"
    AFTER_MANAGEMENT = "after-management"
    INTERNAL = "internal"


class WithoutPeriod(EventData):
    """A chain whose account exists although it has no days of its own on the line."""

    ownership_id: Id
    reason: NoPeriod


class OwnershipLineChanged(EventData):
    """A unit's whole ownership line, without personal data.  Topic ``owners.ownership-changed``.  Key: ``unit_id``."""

    unit_id: Id
    version: int = Field(ge=1)
    line: tuple[OwnershipPeriod, ...]
    without_period: tuple[WithoutPeriod, ...] = ()


class ContactKind(StrEnum):
    """Whose contact it is."""

    PARTY = "party"
    BILLING_CONTACT = "billing-contact"


class ContactDetailsChanged(EventData):
    """How to reach a party, or an ownership's billing contact, whole.  Personal data.

    Topic ``owners.contact-changed``.  Key: ``contact_id`` (the party_id, or the ownership_id of a billing contact).
    An ownership that ended with a forwarding address has that here too, also where it has no billing contact.
    Erased: only the id and ``erased``.
    """

    contact_id: Id
    kind: ContactKind
    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    correspondence_address: Address | None = None
    forwarding_address: Address | None = Field(
        default=None, description="Where the owners of an ownership that has ended are reached by post."
    )
    channel: ChannelChoice | None = None
    e_billing_agreed_on: Day | None = None
    erased: bool = False
