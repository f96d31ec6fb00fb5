"""Dated data about fees: how long before an increase owners are told, and how each kind is taxed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.events.housing import ChargeKind


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The tax of a kind of charge from a day on; a premium is exempt, its own premium tax is inside (domain.md 2.6)."""

    kind: ChargeKind
    code: str
    effective_from: date
    basis_points: int


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """What holds for all fees: how long before an increase owners are told, and the tax of each kind by date.

    An account that was charged more than ``late_fee_cap_pence`` of late fees within a year is looked at before it is
    billed (domain.md 9.55): they come from the housing system, and are never refused.
    """

    notice_days: int
    late_fee_cap_pence: int
    taxes: tuple[TaxRate, ...]

    def tax_on(self, kind: ChargeKind, day: date) -> TaxRate:
        """Return the rate in force; there is one for every kind and day, or the data is wrong."""
        begun = [rate for rate in self.taxes if rate.kind == kind and rate.effective_from <= day]
        assert begun, f"no tax of {kind} is in force on {day}"
        return max(begun, key=lambda rate: rate.effective_from)


def check(policy: SchedulePolicy, kinds: Iterable[ChargeKind]) -> None:
    """Raise ``AssertionError`` unless each of the ``kinds`` that schedules raise had its tax from long ago on."""
    for kind in kinds:
        policy.tax_on(kind, date(1970, 1, 1))
