"""The whole-cost model of the fee: what a year cost the factor, what its fees brought, and the surplus, openly.

Tracked costs and bad debts on one side, fees on the other: costs + surplus = fees, to the penny, each as the ledger or
the record of costs has it.  Source: domain.md 0 (fee by full-cost recovery, recharges included), 6 (cost per unit).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.billing.domain.chart import income_ledger
from shared.events.housing import ChargeKind
from shared.money import divide_half_up

EARNED = (ChargeKind.MANAGEMENT_FEE, ChargeKind.ADMIN_FEE, ChargeKind.LATE_FEE)
"""Kinds of charge that the factor earns."""
FEES = tuple(map(income_ledger, EARNED))
_APRIL, _MARCH = 4, 3


class CostKind(StrEnum):
    """What a tracked cost is for."""

    STAFF = "staff"
    OVERHEAD = "overhead"
    IT = "it"
    PRINT_POST = "print-post"
    LEGAL = "legal"
    RECHARGE = "internal-recharge"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Model:
    """A year in pence: ``costs`` by kind, ``bad_debt_pence`` that nobody carries, ``fees`` (net) by ledger account.

    ``units`` are those managed on the year's last day; ``wanted_surplus_pence`` is what the next fee should leave over.
    """

    costs: Mapping[CostKind, int]
    bad_debt_pence: int
    fees: Mapping[str, int]
    units: int
    wanted_surplus_pence: int = 0

    @property
    def cost_pence(self) -> int:
        """Everything that the year cost."""
        return sum(self.costs.values()) + self.bad_debt_pence

    @property
    def fee_pence(self) -> int:
        """Everything that the year's fees brought, net of tax."""
        return sum(self.fees.values())

    @property
    def surplus_pence(self) -> int:
        """What the fees left over; negative, they did not cover the costs."""
        return self.fee_pence - self.cost_pence

    @property
    def to_recover_pence(self) -> int:
        """What the management fee should bring in such a year: the costs that other fees do not meet, and a surplus."""
        others = self.fee_pence - self.fees.get(FEES[0], 0)
        return max(0, self.cost_pence - others + self.wanted_surplus_pence)

    @property
    def proposed_fee_pence(self) -> int | None:
        """The management fee of a unit, net a year, that recovers this: rounded up to the penny; None without units."""
        return -(-self.to_recover_pence // self.units) if self.units else None

    @property
    def rounding_pence(self) -> int:
        """What the proposed fees of all units bring beyond that: less than a penny a unit."""
        return (self.proposed_fee_pence or 0) * self.units - self.to_recover_pence if self.units else 0

    @property
    def cost_per_unit_pence(self) -> int | None:
        """What a unit cost, rounded half up."""
        return divide_half_up(self.cost_pence, self.units) if self.units else None


def by_kind(costs: Iterable[tuple[CostKind, int]]) -> dict[CostKind, int]:
    """Return what costs (kind, pence) come to by kind, in the order of the kinds; those of nothing are left out."""
    sums: Counter[CostKind] = Counter()
    for kind, pence in costs:
        sums[kind] += pence
    return {kind: sums[kind] for kind in CostKind if sums[kind]}


def year_days(year: int) -> tuple[date, date]:
    """Return the financial year that begins in April of ``year``: its first and last day."""
    return date(year, _APRIL, 1), date(year + 1, _MARCH, 31)
