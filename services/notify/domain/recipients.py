"""Who gets a letter and by which way: the billing contact if there is one, else each party (contract.md 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.notify.domain import safety, spoken
from shared.events.housing import Address, ChannelChoice
from shared.events.notify import MessageChannel
from shared.events.owners import ContactKind

NAMELESS = "The Owner"
"""Whom a letter addresses when a name is not known or was erased."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a party or a billing contact; one erased, or there no more, has no name.  Personal data.

    ``forwarding``: where an ownership's owners went when it ended; it stands with the ownership's billing contact.
    """

    kind: ContactKind
    contact_id: str
    name: str | None = None
    email: str | None = None
    address: Address | None = None
    forwarding: Address | None = None
    channel: ChannelChoice | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owned a unit and since when; ``in_line`` is false once its days were taken off the line."""

    ownership_id: str
    from_on: date
    to_on: date | None
    party_ids: tuple[str, ...]
    billing_contact: bool
    internal: bool
    in_line: bool

    def has_ended(self, day: date) -> bool:
        """Tell whether others own the unit on ``day``."""
        return self.in_line and self.to_on is not None and self.to_on <= day

    def is_current(self, day: date) -> bool:
        """Tell whether the period holds on ``day`` or is still to come."""
        return self.in_line and (self.to_on is None or self.to_on > day)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or firm that gets one message, and the way it travels.  Personal data."""

    kind: ContactKind
    contact_id: str
    name: str
    mailbox: str | None
    address_lines: tuple[str, ...]

    @property
    def channel(self) -> MessageChannel:
        """E-mail where there is a mailbox to send to, else print."""
        return MessageChannel.EMAIL if self.mailbox else MessageChannel.PRINT


Contacts = Mapping[tuple[ContactKind, str], Contact]


def recipients(ownership: Ownership, contacts: Contacts, unit_address: Address, day: date) -> Sequence[Recipient]:
    """Return everyone who gets a message written on ``day``, in order of their ids.

    Paper for former owners goes to their forwarding address, if one is known: the flat is another's (domain.md 8.7).
    """
    agent = contacts.get((ContactKind.BILLING_CONTACT, ownership.ownership_id))
    elsewhere = agent.forwarding if agent is not None and ownership.has_ended(day) else None
    if ownership.billing_contact and agent is not None and agent.name is not None:
        return [_recipient(agent, agent.address or elsewhere or unit_address)]
    parties = [
        contacts.get((ContactKind.PARTY, party_id), Contact(ContactKind.PARTY, party_id))
        for party_id in sorted(set(ownership.party_ids))
    ]
    return [_recipient(party, elsewhere or party.address or unit_address) for party in parties]


def _recipient(contact: Contact, address: Address) -> Recipient:
    by_post = contact.channel is ChannelChoice.POST
    mailbox = safety.mailbox(contact.email) if contact.email and not by_post else None
    name = safety.clean(contact.name or "", safety.MAX_NAME) or NAMELESS
    lines = spoken.address_lines(address)
    return Recipient(contact.kind, contact.contact_id, name, mailbox, tuple(safety.clean(line, 80) for line in lines))
