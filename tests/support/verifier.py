"""An independent verifier of who owes what: from the events alone, by the words of the contract, day by day.

It knows nothing of billing's rules: shares and days by exact fractions (``tests/unit/billing/exact.py``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor

from shared.events.base import EventData
from shared.events.housing import ChargeCredited, ChargeRaised
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged
from tests.unit.billing.exact import accrued, divided

Holding = tuple[str, str | None]
"""A unit and the ownership whose day it was; no ownership: nobody known, so it waits."""

Spread = dict[Holding, int]


class Verifier:
    """What a set of events amounts to: pence by unit, ownership and charge, credits taken off."""

    def __init__(self, events: Sequence[EventData]) -> None:
        self.units = {one.unit_id: one for one in events if isinstance(one, UnitChanged)}
        self.lines: dict[str, OwnershipLineChanged] = {}
        self.shares: dict[str, dict[date, SharesChanged]] = defaultdict(dict)
        self.charges = [one for one in events if isinstance(one, ChargeRaised)]
        self.credits: dict[str, list[ChargeCredited]] = defaultdict(list)
        for one in events:
            if isinstance(one, OwnershipLineChanged):
                self.lines[one.unit_id] = max(one, self.lines.get(one.unit_id, one), key=lambda line: line.version)
            elif isinstance(one, SharesChanged):
                self.shares[one.share_set_id][one.effective_from] = one
            elif isinstance(one, ChargeCredited):
                self.credits[one.charge_id].append(one)

    def owed(self) -> dict[tuple[str, str, str], int]:
        """Return pence by unit, ownership and charge, where there is anything left to owe."""
        found: dict[tuple[str, str, str], int] = {}
        for charge in self.charges:
            for (unit_id, ownership), pence in self._left(charge).items():
                if ownership is not None and pence:
                    found[unit_id, ownership, charge.charge_id] = pence
        return found

    def _left(self, charge: ChargeRaised) -> Spread:
        """A charge less its credits: the one that takes the last penny takes every part to nothing."""
        tax = charge.tax.tax_pence if charge.tax else 0
        left = self._spread(charge, charge.amount_pence - tax, tax)
        rest = charge.amount_pence
        for credit in self.credits[charge.charge_id]:
            pence = rest if credit.amount_pence is None else credit.amount_pence
            rest -= pence
            if not rest:
                return {}
            of_tax = floor(Fraction(tax * pence, charge.amount_pence) + Fraction(1, 2))
            for holding, taken in self._spread(charge, pence - of_tax, of_tax).items():
                left[holding] -= taken
        return left

    def _spread(self, charge: ChargeRaised, net: int, tax: int) -> Spread:
        found: defaultdict[Holding, int] = defaultdict(int)
        for pence in (net, tax):
            for unit_id, part in self._by_unit(charge, pence).items():
                for holding, amount in self._by_day(charge, unit_id, part):
                    found[holding] += amount
        return found

    def _by_unit(self, charge: ChargeRaised, pence: int) -> dict[str, int]:
        if charge.unit_id is not None:
            return {charge.unit_id: pence}
        versions = self.shares[charge.share_set_id or ""]
        members = versions[max(day for day in versions if day <= self._days(charge)[0])].members
        return divided(
            charge.charge_id, pence, {one.unit_id: Fraction(one.numerator, one.denominator) for one in members}
        )

    def _by_day(self, charge: ChargeRaised, unit_id: str, pence: int) -> Iterator[tuple[Holding, int]]:
        stretches = [(owner, len(list(days))) for owner, days in groupby(self._owners(charge, unit_id))]
        parts = accrued(pence, [days for _, days in stretches])
        return zip(((unit_id, owner) for owner, _ in stretches), parts, strict=True)

    def _owners(self, charge: ChargeRaised, unit_id: str) -> Iterable[str | None]:
        return (self._owner(unit_id, day) for day in self._days(charge))

    def _owner(self, unit_id: str, day: date) -> str | None:
        """Whose a day is; a day outside management or before the first entry is nobody's yet."""
        unit, line = self.units[unit_id], self.lines[unit_id]
        if day < unit.managed_from or (unit.managed_to is not None and day > unit.managed_to):
            return None
        held = (one.ownership_id for one in line.line if one.from_ <= day and (one.to is None or day < one.to))
        return next(held, None)

    @staticmethod
    def _days(charge: ChargeRaised) -> list[date]:
        day = charge.instructed_on or charge.completed_on or charge.invoiced_on or charge.raised_on
        first, last = (charge.period.from_, charge.period.to) if charge.period else (day, day)
        return [first + timedelta(days=count) for count in range((last - first).days + 1)]
