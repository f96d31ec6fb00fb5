"""Every line of a story, recomputed from its events alone by a verifier that shares no rule with billing."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

from services.billing.usecases import questions
from shared.events.base import EventData
from shared.events.housing import ChargeCredited, ChargeRaised
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares
from tests.support.verifier import Verifier

UNITS = ("U1", "U2", "U3", "U4", "U5", "U6", "U7")
FIRST = date(2028, 1, 1)
STAMPS = ("decided_on", "instructed_on", "completed_on", "invoiced_on")


def a_story(chance: random.Random) -> list[EventData]:
    """Seven flats in a leap year: two versions of shares, sales learnt twice, costs of all sorts, and credits."""
    title = [(unit, share, 27) for unit, share in zip(UNITS, (3, 3, 4, 4, 4, 4, 5), strict=True)]
    told: list[EventData] = [shares(*title), shares(*((unit, 1, 7) for unit in UNITS), since="2028-02-15")]
    for unit in UNITS:
        told.append(a_unit(unit, managed_to=date(2028, 5, 31) if unit == "U7" else None))
        told.append(a_line(unit, ("A", "2025-06-01"), version=1))
        entries = sorted(_day(chance) for _ in range(chance.randrange(3)))
        sold = [(name, str(entry)) for name, entry in zip("BC", entries, strict=False)]
        told.append(a_line(unit, ("A", "2025-06-01"), *sold, version=2))
    told += [_cost(chance, number) for number in range(60)]
    for number in range(20):
        whole = number % 3 == 0
        told.append(a_credit(f"K{number}", f"C{number}", None if whole else 7 + number, on="2028-06-01"))
    return told


def _day(chance: random.Random) -> date:
    return FIRST + timedelta(days=chance.randrange(150))


def _cost(chance: random.Random, number: int) -> ChargeRaised:
    first, pence = _day(chance), chance.randrange(100, 1_000_00)
    facts: dict[str, Any] = {name: _day(chance) for name in STAMPS if chance.random() < 0.4}
    if chance.random() < 0.4:
        facts["period"] = {"from": first, "to": first + timedelta(days=chance.choice((0, 30, 90)))}
    if chance.random() < 0.5:
        facts["tax"] = {"code": "VAT", "net_pence": pence - pence // 6, "tax_pence": pence // 6}
    where: dict[str, Any] = {"pool": "S1"} if chance.random() < 0.7 else {"unit": chance.choice(UNITS)}
    return a_charge(f"C{number}", pence, on=str(_day(chance)), **where, **facts)


def in_some_order(story: list[EventData], chance: random.Random) -> list[EventData]:
    """Another order; a unit's lines and a charge's credits keep theirs."""
    lines = [one for one in story if not isinstance(one, ChargeRaised | ChargeCredited)]
    costs = [one for one in story if isinstance(one, ChargeRaised)]
    credited = [one for one in story if isinstance(one, ChargeCredited)]
    chance.shuffle(costs)
    half = len(costs) // 2
    return [*costs[:half], *lines, *costs[half:], *credited]


async def test_every_line_of_a_story_is_what_its_events_alone_amount_to(desk: Desk) -> None:
    chance = random.Random(2028)
    story = a_story(chance)
    await desk.hear_each(*in_some_order(story, chance))
    await desk.close("2028-04-01", "2028-07-01")
    found: Counter[tuple[str, str, str]] = Counter()
    for head in await desk.ask(questions.accounts, None, None):
        answer = await desk.account(head["unit_id"], head["ownership_id"])
        for line in answer["lines"]:
            found[head["unit_id"], head["ownership_id"], line["charge_id"]] += line["amount_pence"]
    expected = Verifier(story).owed()
    assert {key: pence for key, pence in found.items() if pence} == expected
    assert len(expected) > 200
