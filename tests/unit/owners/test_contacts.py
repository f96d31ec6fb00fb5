"""Contacts: field by field the newest holds, null removes (contract.md 2)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.owners.domain.changes import change_of
from services.owners.domain.contacts import (
    ERASED,
    Statement,
    billing_details,
    details_of,
    stated_by_contact,
    stated_by_party,
    without,
)
from services.owners.domain.newest import Stamp
from shared.events.housing import ContactChanged, OwnerParty
from shared.events.owners import ContactDetailsChanged, ContactKind
from tests.support.ownership import ASSOCIATION, START, a_change, a_contact, a_party, a_unit, an_agent


def said(data: ContactChanged | OwnerParty, minute: int, event_id: str = "e") -> Statement:
    """Return what was said of a party some minutes after the start."""
    fields = stated_by_contact(data) if isinstance(data, ContactChanged) else stated_by_party(data)
    return Statement(data.party_id, Stamp(START + timedelta(minutes=minute), event_id, "test"), fields)


def folded(*statements: Statement) -> ContactDetailsChanged:
    """Return the contact of party P."""
    return details_of("P", statements)


def test_a_field_holds_what_was_said_last() -> None:
    contact = folded(said(a_contact("P", email="old@x.scot"), 1), said(a_contact("P", email="new@x.scot"), 2))
    assert contact.email == "new@x.scot"


def test_a_late_arrival_of_older_news_changes_nothing() -> None:
    contact = folded(said(a_contact("P", email="new@x.scot"), 2), said(a_contact("P", email="old@x.scot"), 1))
    assert contact.email == "new@x.scot"


def test_at_one_instant_the_greater_id_holds() -> None:
    pair = said(a_contact("P", phone="1"), 1, "b"), said(a_contact("P", phone="2"), 1, "a")
    assert folded(*pair).phone == "1"


def test_a_field_that_is_not_named_keeps_what_it_has() -> None:
    contact = folded(said(a_contact("P", email="p@x.scot"), 1), said(a_contact("P", phone="1"), 2))
    assert (contact.email, contact.phone) == ("p@x.scot", "1")


def test_null_removes_a_field() -> None:
    contact = folded(said(a_contact("P", email="p@x.scot"), 1), said(a_contact("P", email=None), 2))
    assert contact.email is None


def test_null_removes_only_what_is_older() -> None:
    contact = folded(said(a_contact("P", email=None), 1), said(a_contact("P", email="p@x.scot"), 2))
    assert contact.email == "p@x.scot"


def test_what_an_ownership_change_says_of_its_parties_counts_in() -> None:
    contact = folded(said(a_contact("P", email="old@x.scot"), 1), said(a_party("P", email="new@x.scot"), 2))
    assert (contact.name, contact.email) == ("Owner P", "new@x.scot")


def test_what_an_ownership_change_leaves_out_removes_nothing() -> None:
    contact = folded(said(a_contact("P", email="p@x.scot"), 1), said(a_party("P", email=None), 2))
    assert contact.email == "p@x.scot"


def test_channel_and_consent_are_kept() -> None:
    contact = folded(said(a_contact("P", channel="post", e_billing_agreed_on="2026-01-05"), 1))
    assert (str(contact.channel), str(contact.e_billing_agreed_on)) == ("post", "2026-01-05")


def test_a_billing_contact_belongs_to_its_ownership() -> None:
    contact = billing_details("A", an_agent("Lets Ltd", email="bills@lets.scot"))
    assert (contact.contact_id, contact.kind, contact.name) == ("A", ContactKind.BILLING_CONTACT, "Lets Ltd")


def test_an_ownership_whose_standing_change_names_no_contact_has_an_empty_one() -> None:
    assert billing_details("A", None) == ContactDetailsChanged(contact_id="A", kind=ContactKind.BILLING_CONTACT)


field_values = st.fixed_dictionaries(
    {}, optional={"name": st.sampled_from(["N1", "N2"]), "email": st.sampled_from(["a", None]), "phone": st.just("1")}
)


@given(st.lists(st.tuples(field_values, st.integers(0, 3)), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_arrival_plays_no_part(news: list[tuple[dict[str, str | None], int]], random: object) -> None:
    statements = [said(a_contact("P", **fields), minute, f"e{n}") for n, (fields, minute) in enumerate(news)]
    shuffled = list(statements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert folded(*shuffled) == folded(*statements)


def test_an_erased_party_is_known_by_its_id_alone() -> None:
    statements = [said(a_contact("P", name="Ann", email="p@x.scot"), 1)]
    contact = details_of("P", statements, is_erased=True)
    assert contact == ContactDetailsChanged(contact_id="P", kind=ContactKind.PARTY, erased=True)


@given(st.sets(st.sampled_from(["P1", "P2", "P3", "HA"])), st.booleans(), st.booleans())
def test_a_change_without_erased_people_draws_the_same_line(
    gone: set[str], no_forwarding: bool, has_agent: bool
) -> None:
    parties = (*(a_party(name, email=f"{name}@x.scot", phone="1") for name in ("P1", "P2", "P3")), ASSOCIATION)
    address = a_unit().address
    change = a_change(
        "A", parties=parties, outgoing_forwarding_address=address, billing_contact=an_agent() if has_agent else None
    )
    bare = without(change, gone, no_forwarding=no_forwarding)
    assert change_of(bare) == change_of(change)
    assert {one.party_id for one in bare.parties if one.name == ERASED} == gone
    assert not any(one.email or one.phone for one in bare.parties if one.party_id in gone)
    assert [one for one in bare.parties if one.party_id not in gone] == [
        one for one in parties if one.party_id not in gone
    ]
    assert bare.outgoing_forwarding_address == (None if no_forwarding else address)
