"""Whole small histories in any order and any batches end in the same balances, in the real database."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import charges, moves
from services.billing.usecases.items import NOTHING_OPEN
from shared.bus import outbox
from shared.events.base import EventData
from shared.events.housing import Tenure
from shared.events.topics import STATEMENT_ISSUED, key_of
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import (
    CHANNELS,
    a_charge,
    a_credit,
    a_line,
    a_payment,
    a_reversal,
    a_unit,
    shares,
)

UNITS = ("U1", "U2", "U3")
CHAINS = ("A", "B", "C")
FIRST = date(2026, 1, 1)


def a_history(dice: random.Random) -> list[EventData]:
    """Registrations, lines with late, moved and void sales, share versions, charges, credits, payments, reversals."""
    events: list[EventData] = []
    for unit in UNITS:
        leaves = dice.choice([None, None, FIRST + timedelta(days=80)])
        events.append(a_unit(unit, managed_to=leaves, tenure=dice.choice(list(Tenure))))
        events += lines(dice, unit)
    for number in range(dice.randint(1, 3)):
        weights = [dice.randint(1, 5) for _ in UNITS]
        whole = sum(weights) + (1 if dice.random() < 0.2 else 0)
        members = tuple((unit, weight, whole) for unit, weight in zip(UNITS, weights, strict=True))
        since = "2025-01-01" if not number else str(a_day(dice))
        events.append(shares(*members, since=since, complete=whole == sum(weights)))
    for number in range(6):
        events += a_cost(dice, f"C{number}")
    for number in range(5):
        events += a_receipt(dice, f"P{number}")
    return events


def lines(dice: random.Random, unit: str) -> list[EventData]:
    """The versions of a unit's line; a chain once known stays known."""
    made: list[EventData] = []
    known: set[str] = set()
    for version in range(1, dice.randint(1, 4)):
        standing = dice.sample(CHAINS, dice.randint(0, 3))
        entries = sorted(zip(standing, dice.sample(range(120), len(standing)), strict=True), key=lambda pair: pair[1])
        periods = [(chain, str(FIRST + timedelta(days=days - 30))) for chain, days in entries]
        made.append(a_line(unit, *periods, version=version, void=tuple(sorted(known - set(standing)))))
        known |= set(standing)
    return made


def a_day(dice: random.Random) -> date:
    return FIRST + timedelta(days=dice.randint(0, 110))


def a_cost(dice: random.Random, charge_id: str) -> list[EventData]:
    pence, on = dice.randint(20, 5000), a_day(dice)
    tax = pence // 6
    facts = {"tax": {"code": "S", "net_pence": pence - tax, "tax_pence": tax}} if dice.random() < 0.5 else {}
    if dice.random() < 0.3:
        facts["period"] = {"from": on, "to": on + timedelta(days=dice.randint(0, 60))}
    pool = "S1" if dice.random() < 0.5 else None
    made: list[EventData] = [
        a_charge(charge_id, pence, unit=None if pool else dice.choice(UNITS), pool=pool, on=str(on), **facts)
    ]
    half = pence // 2
    made += [a_credit(f"K1{charge_id}", charge_id, half, on=str(on))] if dice.random() < 0.4 and half else []
    made += [a_credit(f"K2{charge_id}", charge_id, on=str(on))] if dice.random() < 0.2 else []
    return made


def a_receipt(dice: random.Random, payment_id: str) -> list[EventData]:
    pence, on, unit = dice.randint(20, 5000), a_day(dice), dice.choice(UNITS)
    means: dict[str, str] = {}
    if dice.random() < 0.5:
        means["account_ref"] = account_ref(unit, dice.choice(CHAINS))
    if dice.random() < 0.5:
        means["reference"] = f"{account_ref(unit, dice.choice(CHAINS))}-2026Q1 THANKS"
    if dice.random() < 0.7:
        means["unit_id"] = unit
    made: list[EventData] = [a_payment(payment_id, pence, on=str(on), **means)]
    return made + (
        [a_reversal(f"R{payment_id}", payment_id, pence // 2 or 1, on=str(on))] if dice.random() < 0.4 else []
    )


def shuffled(events: list[EventData], dice: random.Random) -> list[EventData]:
    """Any order that keeps the order of each topic and key."""
    queues: defaultdict[tuple[str, str], list[EventData]] = defaultdict(list)
    for event in events:
        channel = CHANNELS[type(event)]
        queues[channel.topic, key_of(channel, event)].append(event)
    names = [name for name, queue in queues.items() for _ in queue]
    dice.shuffle(names)
    return [queues[name].pop(0) for name in names]


async def tell(desk: Desk, events: list[EventData], dice: random.Random) -> None:
    """Hand the events over in batches of any size."""
    left = list(events)
    while left:
        size = dice.randint(1, 12)
        await desk.hear(*left[:size])
        left = left[size:]


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 8))])
async def test_balances_depend_on_the_facts_alone(desks: Desks, seed: int) -> None:
    dice = random.Random(seed)
    events = a_history(dice)
    first, second = await desks(), await desks()
    await tell(first, events, dice)
    await tell(second, shuffled(events, dice), dice)
    assert await first.balances() == await second.balances()
    assert await first.balances() or seed
    parts = (
        "select charge_id, unit_id, account_id, waiting_for, sum(net_pence), sum(tax_pence) from billing.charge_parts"
    )
    grouped = parts + " group by 1, 2, 3, 4 having sum(net_pence) <> 0 or sum(tax_pence) <> 0 order by 1, 2, 3, 4"
    assert await first.rows(grouped) == await second.rows(grouped)
    placed = "select payment_id, account_id from billing.payments order by payment_id"
    assert await first.rows(placed) == await second.rows(placed)
    for desk in (first, second):
        assert await desk.wrong() == []


@pytest.mark.parametrize("seed", [100, 101, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (102, 103))])
async def test_statements_depend_on_the_facts_and_their_books(desks: Desks, seed: int) -> None:
    dice = random.Random(seed)
    events = a_history(dice)
    cuts = sorted(dice.sample(range(len(events)), 2))
    books = [events[: cuts[0]], events[cuts[0] : cuts[1]], events[cuts[1] :]]
    ends = ["2026-04-01", "2026-05-10", "2026-07-01"]
    first, second = await desks(), await desks()
    for desk, in_order in ((first, True), (second, False)):
        for book, end in zip(books, ends, strict=True):
            await tell(desk, book if in_order else shuffled(book, dice), dice)
            await desk.close(end)
        assert await desk.wrong() == []
    ours, theirs = await first.said(STATEMENT_ISSUED), await second.said(STATEMENT_ISSUED)
    assert ours == theirs
    said = "select account_ref, coalesce(items_said, $1) from billing.accounts order by account_ref"
    assert await first.rows(said, NOTHING_OPEN) == await second.rows(said, NOTHING_OPEN)


async def test_portions_and_pages_change_nothing(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    events = a_history(random.Random(31))
    whole, cut = await desks(), await desks()
    await whole.hear(*events)
    monkeypatch.setattr(charges, "PORTION", 2)
    monkeypatch.setattr(moves, "PORTION", 1)
    monkeypatch.setattr(outbox, "_PAGE", 3)
    await cut.hear(*events)
    assert await cut.balances() == await whole.balances()
    said = "select topic, msg_key, aggver, event_uid, pence from msg.event_log order by seq"
    assert await cut.rows(said) == await whole.rows(said)
    assert await cut.wrong() == []
