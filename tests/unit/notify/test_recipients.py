"""Who gets a letter, and by which way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.notify.domain.recipients import NAMELESS, Contact, Ownership, recipients
from shared.events.housing import ChannelChoice
from shared.events.notify import MessageChannel
from shared.events.owners import ContactKind
from tests.support.letters import an_address

TODAY, SOLD_ON = date(2026, 6, 10), date(2026, 6, 9)


def an_ownership(*party_ids: str, billing_contact: bool = False) -> Ownership:
    return Ownership("O1", date(2025, 1, 1), None, party_ids or ("P1",), billing_contact, internal=False, in_line=True)


def a_contact(contact_id: str = "P1", kind: ContactKind = ContactKind.PARTY, **more: object) -> Contact:
    facts: dict[str, object] = {"name": f"Owner {contact_id}", "email": f"{contact_id.lower()}@example.org"} | more
    return Contact(kind=kind, contact_id=contact_id, **facts)  # type: ignore[arg-type]


def book(*contacts: Contact) -> dict[tuple[ContactKind, str], Contact]:
    return {(contact.kind, contact.contact_id): contact for contact in contacts}


def test_every_party_gets_a_message_of_its_own() -> None:
    found = recipients(an_ownership("P2", "P1"), book(a_contact("P1"), a_contact("P2")), an_address(), TODAY)
    assert [(person.contact_id, person.mailbox) for person in found] == [
        ("P1", "p1@example.org"),
        ("P2", "p2@example.org"),
    ]


def test_the_billing_contact_gets_the_only_message() -> None:
    agent = a_contact("O1", ContactKind.BILLING_CONTACT, address=an_address("9 Agent Lane"))
    (found,) = recipients(an_ownership(billing_contact=True), book(a_contact(), agent), an_address(), TODAY)
    assert (found.kind, found.address_lines[0]) == (ContactKind.BILLING_CONTACT, "9 Agent Lane")


def test_a_billing_contact_that_the_standing_change_no_longer_names_gets_nothing() -> None:
    agent = a_contact("O1", ContactKind.BILLING_CONTACT)
    (found,) = recipients(an_ownership(), book(a_contact(), agent), an_address(), TODAY)
    assert found.contact_id == "P1"


def test_a_billing_contact_erased_or_there_no_more_gives_way_to_the_parties() -> None:
    """The second when the sale that named an agent is cancelled: its days leave the line, which says nothing of it."""
    agent = Contact(ContactKind.BILLING_CONTACT, "O1")
    (found,) = recipients(an_ownership(billing_contact=True), book(a_contact(), agent), an_address(), TODAY)
    assert found.contact_id == "P1"


def test_post_is_chosen_over_an_address() -> None:
    (found,) = recipients(an_ownership(), book(a_contact(channel=ChannelChoice.POST)), an_address(), TODAY)
    assert (found.channel, found.mailbox) == (MessageChannel.PRINT, None)


def test_without_an_address_the_letter_is_printed() -> None:
    (found,) = recipients(an_ownership(), book(a_contact(email=None)), an_address(), TODAY)
    assert found.channel is MessageChannel.PRINT


def test_an_address_that_is_not_one_mailbox_is_no_address() -> None:
    (found,) = recipients(an_ownership(), book(a_contact(email="a@example.org, b@example.org")), an_address(), TODAY)
    assert found.channel is MessageChannel.PRINT


def test_a_correspondence_address_comes_before_the_unit() -> None:
    (found,) = recipients(an_ownership(), book(a_contact(address=an_address("1 Far Away"))), an_address(), TODAY)
    assert found.address_lines == ("1 Far Away", "Glasgow G42 8AB")


def test_a_party_nobody_told_us_about_is_written_to_at_the_unit() -> None:
    (found,) = recipients(an_ownership(), {}, an_address(), TODAY)
    assert (found.name, found.address_lines[0], found.channel) == (NAMELESS, "Flat 2/1", MessageChannel.PRINT)


def sold(**more: object) -> tuple[Ownership, dict[tuple[ContactKind, str], Contact]]:
    """An ownership that ended, its owners P1 and P2, and where they went."""
    gone = a_contact("O1", ContactKind.BILLING_CONTACT, **{"name": None, "email": None} | more)
    gone = replace(gone, forwarding=an_address("3 New Street"))
    owners = (a_contact("P1", email=None, address=an_address("1 Far Away")), a_contact("P2", email=None))
    return replace(an_ownership("P1", "P2"), to_on=SOLD_ON), book(gone, *owners)


def test_paper_for_former_owners_goes_where_they_went() -> None:
    ownership, contacts = sold()
    found = recipients(ownership, contacts, an_address(), TODAY)
    assert [(person.contact_id, person.address_lines[0]) for person in found] == [
        ("P1", "3 New Street"),
        ("P2", "3 New Street"),
    ]


@pytest.mark.parametrize("to_on", [None, TODAY + timedelta(days=1)])
def test_while_they_own_the_flat_their_paper_goes_as_ever(to_on: date | None) -> None:
    ownership, contacts = sold()
    found = recipients(replace(ownership, to_on=to_on), contacts, an_address(), TODAY)
    assert [person.address_lines[0] for person in found] == ["1 Far Away", "Flat 2/1"]


def test_former_owners_without_a_forwarding_address_are_written_to_as_ever() -> None:
    ownership, contacts = sold()
    del contacts[ContactKind.BILLING_CONTACT, "O1"]
    found = recipients(ownership, contacts, an_address(), TODAY)
    assert [person.address_lines[0] for person in found] == ["1 Far Away", "Flat 2/1"]


def test_an_agent_of_former_owners_is_reached_at_the_agents_own_address() -> None:
    ownership, contacts = sold(name="Lets & Sons", address=an_address("9 Agent Lane"))
    (found,) = recipients(replace(ownership, billing_contact=True), contacts, an_address(), TODAY)
    assert (found.name, found.address_lines[0]) == ("Lets & Sons", "9 Agent Lane")
