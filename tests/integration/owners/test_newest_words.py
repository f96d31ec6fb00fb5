"""What was said last of each field, as the database finds it, is what folding everything ever said comes to."""

import random
from datetime import timedelta
from uuid import uuid4

from services.owners.db import contacts
from services.owners.domain.contacts import Statement, details_of
from services.owners.domain.newest import Stamp
from shared.db.engine import driver
from tests.integration.owners.conftest import BOOK, Desk
from tests.support.ownership import START

WORDS: dict[str, list[object]] = {
    "name": ["Ann", "Änn", None], "email": ["a@b.example", None], "phone": ["+441312496813", None],
    "channel": ["email", "post", None], "e_billing_agreed_on": ["2026-01-01", None],
    "correspondence_address": [{"lines": ["1 Street"], "town": "Perth", "postcode": "PH1 1AA"}, None],
}  # fmt: skip
IDS = ("a", "B", "b", "é", "Z", "\U0001f600", "a-1", "a 1")
"""Ids of which code points and a language's dictionary have different orders."""


def some_statement(pick: random.Random, party_id: str) -> Statement:
    stamp = Stamp(START + timedelta(minutes=pick.randrange(2)), pick.choice(IDS), pick.choice(IDS))
    named = pick.sample(sorted(WORDS), pick.randrange(len(WORDS)))
    return Statement(party_id, stamp, {name: pick.choice(WORDS[name]) for name in named})


async def test_the_newest_words_fold_to_what_all_words_do(desk: Desk) -> None:
    pick = random.Random(20261129)
    stamped = {(one.party_id, one.stamp): one for one in (some_statement(pick, f"P{n % 40}") for n in range(600))}
    parties = {party_id for party_id, _ in stamped}
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        await contacts.add_statements(connection, [(uuid4(), one) for one in stamped.values()], BOOK)
        everything = await contacts.load_statements(connection, parties)
        newest = await contacts.load_newest(connection, parties)

    assert {party: details_of(party, newest[party]) for party in parties} == {
        party: details_of(party, everything[party]) for party in parties
    }
    assert max(map(len, newest.values())) <= len(WORDS) < min(map(len, everything.values()))
