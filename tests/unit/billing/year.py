"""One year of eight flats, told in any order: sales with corrections and cancellations, costs, credits, money, shares.

Sales go through the owners' own rules, so that a line is drawn anew from what has arrived, however late.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.billing.domain.division import share_version
from services.billing.domain.facts import Charge, Payment, Reversal
from services.billing.domain.refs import account_ref
from services.owners.domain.chains import Cancellation, Change, chains_of
from services.owners.domain.line import UnitFacts, line_of
from shared.events.housing import ChargeKind, PaymentMethod, Tenure
from tests.unit.billing.replay import CreditAsked, Drawn, Fact, Office, Registered, key_of

FIRST = date(2026, 1, 1)
UNITS = tuple(f"U{number}" for number in range(1, 9))
QUARTERS = (date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1))
MANAGED_FROM = date(2025, 1, 1)


@dataclass(frozen=True)
class Sale:
    """What the housing system says of a unit's owner: a change, a correction or a cancellation."""

    unit_id: str
    change: Change | Cancellation

    @property
    def target(self) -> str | None:
        """The change it is about, if it is not a first one."""
        return self.change.cancels if isinstance(self.change, Cancellation) else self.change.corrects


Told = Fact | Sale


@dataclass
class Factor:
    """Both rooms together: sales become lines, lines and costs become postings."""

    office: Office = field(default_factory=Office)
    sales: dict[str, dict[str, Sale]] = field(default_factory=dict)
    held: list[Sale] = field(default_factory=list)

    def learn(self, told: Iterable[Told], book: date) -> None:
        """Take in a book's facts; money is moved once, at its end."""
        facts: list[Fact] = []
        for one in told:
            if isinstance(one, Sale):
                facts += self._drawn(one)
            else:
                facts.append(one)
        self.office.learn_all(facts, book)

    def _drawn(self, sale: Sale) -> list[Fact]:
        """Return the lines that a sale leads to; one whose target is not known waits for it."""
        known = self.sales.setdefault(sale.unit_id, {})
        if sale.target is not None and sale.target not in known:
            self.held.append(sale)
            return []
        known[sale.change.change_id] = sale
        waiting, self.held = self.held, []
        later = [fact for early in waiting for fact in self._drawn(early)]
        return [self._line(sale.unit_id), *later]

    def _line(self, unit_id: str) -> Drawn:
        history = [sale.change for sale in self.sales[unit_id].values()]
        periods = line_of(UnitFacts(Tenure.OWNED, MANAGED_FROM), history).periods
        stays = tuple((period.ownership_id or "", period.from_, period.to) for period in periods)
        chains = frozenset(chain.ownership_id for chain in chains_of(history))
        version = self.office.drawn[unit_id].version if unit_id in self.office.drawn else 0
        return Drawn(unit_id, version + len(history), stays, chains)


def a_year(seed: int = 2029) -> list[Told]:
    """The facts of the year in the order they happened, the same for the same seed."""
    chance = random.Random(seed)
    told: list[Told] = [Registered(unit_id, MANAGED_FROM) for unit_id in UNITS]
    told += [Sale(unit_id, Change(f"{unit_id}-A", MANAGED_FROM, MANAGED_FROM, ("A",))) for unit_id in UNITS]
    for unit_id in UNITS:
        told += _sales(unit_id, chance)
    title = [(unit_id, share, 32) for unit_id, share in zip(UNITS, (3, 3, 4, 4, 4, 4, 5, 5), strict=True)]
    told.append(share_version("S1", MANAGED_FROM, is_complete=True, members=title))
    equal = [(unit_id, 1, 8) for unit_id in UNITS]
    told.append(share_version("S1", date(2026, 8, 15), is_complete=True, members=equal))
    return told + _costs(chance) + _money(chance)


def _day(chance: random.Random) -> date:
    return FIRST + timedelta(days=chance.randrange(365))


def _sales(unit_id: str, chance: random.Random) -> list[Told]:
    """Up to two sales of a unit; some corrected, some cancelled, some cancellations taken back."""
    told: list[Told] = []
    for name in ("B", "C")[: chance.randrange(3)]:
        entry = _day(chance)
        sale = f"{unit_id}-{name}"
        told.append(Sale(unit_id, Change(sale, entry, entry, (name,))))
        if chance.random() < 0.5:
            moved = entry + timedelta(days=chance.randrange(-40, 40))
            told.append(Sale(unit_id, Change(f"{sale}2", entry, moved, (name,), corrects=sale)))
        if chance.random() < 0.4:
            told.append(Sale(unit_id, Cancellation(f"{sale}-x", entry, sale)))
            if chance.random() < 0.5:
                told.append(Sale(unit_id, Cancellation(f"{sale}-xx", entry, f"{sale}-x")))
    return told


def _costs(chance: random.Random) -> list[Told]:
    """A cost a month by days, repairs, fees of one unit, and credits in part and of what is left."""
    told: list[Told] = []
    for number in range(24):
        first = _day(chance)
        days = chance.choice((0, 0, 29, 89)) if number % 2 else 29
        pooled = number % 3 != 0
        told.append(
            Charge(
                f"C{number}", ChargeKind.CLEANING if days else ChargeKind.REPAIR, "S1" if pooled else None,
                None if pooled else chance.choice(UNITS), chance.randrange(1, 2_000_00), chance.randrange(0, 400_00),
                first, first + timedelta(days=days), first,
            )
        )  # fmt: skip
    for number in range(8):
        charge_id, on = f"C{chance.randrange(24)}", _day(chance)
        told.append(CreditAsked(f"K{number}", charge_id, chance.choice((None, chance.randrange(1, 900_00))), on))
    return told


def _money(chance: random.Random) -> list[Told]:
    """Payments by reference, by unit, to nobody; some taken back, in part or whole."""
    told: list[Told] = []
    for number in range(20):
        unit_id, chain = chance.choice(UNITS), chance.choice("ABC")
        ref = account_ref(unit_id, f"{unit_id}-{chain}") if chance.random() < 0.6 else None
        aimed = unit_id if chance.random() < 0.7 else None
        pence, on = chance.randrange(1, 900_00), _day(chance)
        told.append(Payment(f"P{number}", pence, on, PaymentMethod.BANK_TRANSFER, stated_ref=ref, unit_id=aimed))
    taken_back = ((f"R{number}", f"P{chance.randrange(20)}", chance.randrange(1, 500_00)) for number in range(5))
    return told + [Reversal(*one, _day(chance)) for one in taken_back]


def _key(told: Told) -> tuple[str, str]:
    """What keeps its order: that of its key; sales are free even within their unit."""
    return ("sale", told.change.change_id) if isinstance(told, Sale) else key_of(told)


def shuffled(year: Sequence[Told], chance: random.Random) -> list[Told]:
    """Another order of the year that keeps each key's."""
    places = list(year)
    chance.shuffle(places)
    queues: dict[tuple[str, str], list[Told]] = {}
    for told in year:
        queues.setdefault(_key(told), []).append(told)
    return [queues[_key(place)].pop(0) for place in places]


EndState = tuple[dict[tuple[str, str, str, str], int], dict[str, int]]


def end_state(office: Office) -> EndState:
    """Net pence by ledger, account, charge and payment; and each account's balance, as its last statement says it."""
    said = {account_id: drafts[-1].balance_pence for account_id, drafts in office.issued.items() if drafts}
    return office.balances(), {account_id: pence for account_id, pence in said.items() if pence}


def known_from_the_start(year: Sequence[Told]) -> EndState:
    """The year learnt at once, in one book, and one statement at its end."""
    factor = Factor()
    factor.learn(year, FIRST)
    factor.office.issue(date(2028, 1, 1))
    return end_state(factor.office)


def learnt(year: Sequence[Told], seed: int) -> EndState:
    """The year in an order and in books that nobody chose, with the quarters' statements on the way."""
    chance = random.Random(seed)
    factor, issue_days = Factor(), list(QUARTERS)
    order = shuffled(year, chance)
    cuts = sorted(chance.sample(range(1, len(order)), 5))
    for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
        book = FIRST + timedelta(days=365 * start // len(order))
        while issue_days and issue_days[0] < book:
            factor.office.issue(issue_days.pop(0))
        factor.learn(order[start:end], book)
    for day in (*issue_days, date(2028, 1, 1)):
        factor.office.issue(day)
    return end_state(factor.office)
