"""Small builders for charges: net and tax that make the gross, and the one place where a charge is noted."""

from dataclasses import dataclass
from datetime import date

from shared.events.housing import ChargeCredited, ChargeKind, ChargeRaised, Period, Tax
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED
from shared.money import divide_half_up
from shared.simulation.diary import Diary

VAT, VAT_ON_POWER, INSURANCE_TAX = 20, 5, 12
"""Percent of the net."""

_CODES = {VAT: "S20", VAT_ON_POWER: "R5", INSURANCE_TAX: "IPT12"}


@dataclass(frozen=True, slots=True)
class Bill:
    """What a cost is, before anybody is charged: its name, kind, net amount and rate of tax."""

    charge_id: str
    kind: ChargeKind
    description: str
    net_pence: int
    percent: int = VAT

    def amounts(self) -> tuple[int, Tax]:
        """Return the gross and the tax inside it."""
        tax = divide_half_up(self.net_pence * self.percent, 100)
        return self.net_pence + tax, Tax(code=_CODES[self.percent], net_pence=self.net_pence, tax_pence=tax)


def shared_cost(diary: Diary, day: date, bill: Bill, share_set_id: str, period: tuple[date, date]) -> ChargeRaised:
    """Note a running cost of everybody in a share set, over its days."""
    gross, tax = bill.amounts()
    charge = ChargeRaised(
        charge_id=bill.charge_id,
        kind=bill.kind,
        share_set_id=share_set_id,
        amount_pence=gross,
        tax=tax,
        description=bill.description,
        period=Period(from_=period[0], to=period[1]),
        raised_on=day,
    )
    return note(diary, day, charge)


def unit_cost(
    diary: Diary, day: date, bill: Bill, unit_id: str, period: tuple[date, date] | None = None
) -> ChargeRaised:
    """Note a cost of one unit, over days or at once."""
    gross, tax = bill.amounts()
    charge = ChargeRaised(
        charge_id=bill.charge_id,
        kind=bill.kind,
        unit_id=unit_id,
        amount_pence=gross,
        tax=tax,
        description=bill.description,
        period=Period(from_=period[0], to=period[1]) if period else None,
        raised_on=day,
    )
    return note(diary, day, charge)


def note(diary: Diary, day: date, charge: ChargeRaised) -> ChargeRaised:
    """Note a charge for ``day`` (which may be later than the day it is dated)."""
    diary.note(day, CHARGE_RAISED, charge, f"charge/{charge.charge_id}")
    return charge


def credit(diary: Diary, day: date, charge_id: str, amount_pence: int | None, reason: str) -> None:
    """Note a credit of a charge; without an amount, of all that is left of it."""
    taken_back = ChargeCredited(
        credit_id=f"{charge_id}-CR", charge_id=charge_id, amount_pence=amount_pence, reason=reason, credited_on=day
    )
    diary.note(day, CHARGE_CREDITED, taken_back, f"credit/{taken_back.credit_id}")
