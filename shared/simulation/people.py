"""Owners made up for titles: people alone and together, firms, and the association itself."""

import random
import unicodedata

from shared.events.housing import Address, BillingContact, OwnerParty, PartyKind, TitleForm
from shared.simulation.names import AGENTS, FIRMS, FIRST, LAST

_MAIL_DOMAIN = "example.org"
# Reserved for examples: no letter of a simulation can reach anybody.

_COMPANY, _COUPLE = 0.06, 0.2
_WITHOUT_EMAIL, _LIVES_ELSEWHERE, _HAS_AN_AGENT = 0.2, 0.1, 0.04


def owners(chance: random.Random, change_id: str) -> tuple[tuple[OwnerParty, ...], TitleForm]:
    """Return who bought, and how they hold the title."""
    if chance.random() < _COMPANY:
        return (_party(chance, f"{change_id}-P1", PartyKind.COMPANY, chance.choice(FIRMS)),), TitleForm.SOLE
    surname = chance.choice(LAST)
    count = 2 if chance.random() < _COUPLE else 1
    names = [f"{first} {surname}" for first in chance.sample(FIRST, count)]
    parties = tuple(
        _party(chance, f"{change_id}-P{number}", PartyKind.PERSON, name) for number, name in enumerate(names, start=1)
    )
    form = TitleForm.SOLE if count == 1 else chance.choice((TitleForm.SURVIVORSHIP, TitleForm.JOINT))
    return parties, form


def association(change_id: str) -> tuple[tuple[OwnerParty, ...], TitleForm]:
    """Return the association as an owner: a flat bought back."""
    name = "Southside Housing Association"
    return (OwnerParty(party_id=f"{change_id}-P1", kind=PartyKind.ASSOCIATION, name=name),), TitleForm.SOLE


def agent(chance: random.Random) -> BillingContact | None:
    """Return the letting agent who gets the bills, for the few who have one."""
    if chance.random() >= _HAS_AN_AGENT:
        return None
    name = chance.choice(AGENTS)
    return BillingContact(name=name, email=f"accounts@{_mailbox(name)}.{_MAIL_DOMAIN}", address=elsewhere(chance))


def elsewhere(chance: random.Random) -> Address:
    """Return an address outside the portfolio."""
    town, postcode = chance.choice((("Edinburgh", "EH6 5XX"), ("Perth", "PH1 5XX"), ("Ayr", "KA7 1XX")))
    return Address(lines=(f"{chance.randint(1, 120)} Victoria Road",), town=town, postcode=postcode)


def email(name: str, party_id: str) -> str:
    """Return a mailbox that is nobody's, its own for each party."""
    return f"{_mailbox(name)}.{party_id.lower()}@{_MAIL_DOMAIN}"


def _party(chance: random.Random, party_id: str, kind: PartyKind, name: str) -> OwnerParty:
    return OwnerParty(
        party_id=party_id,
        kind=kind,
        name=name,
        email=None if chance.random() < _WITHOUT_EMAIL else email(name, party_id),
        phone=f"0141 496 0{chance.randint(100, 999)}",
        correspondence_address=elsewhere(chance) if chance.random() < _LIVES_ELSEWHERE else None,
    )


def _mailbox(name: str) -> str:
    """Return a name in the letters every mail server takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join("".join(letter for letter in word if letter.isalnum()) for word in plain.split()).strip(".")
