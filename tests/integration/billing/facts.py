"""Builders of what billing hears: say only what matters to the test."""

from datetime import date
from typing import Any

from shared.events.base import EventData
from shared.events.housing import (
    Address,
    Basis,
    ChargeCredited,
    ChargeKind,
    ChargeRaised,
    Member,
    PaymentMethod,
    PaymentReceived,
    PaymentReversed,
    Scope,
    Tenure,
    UnitKind,
)
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged
from shared.events.topics import (
    CHARGE_CREDITED,
    CHARGE_RAISED,
    OWNERS_LINE,
    OWNERS_SHARES,
    OWNERS_UNIT,
    PAYMENT_RECEIVED,
    PAYMENT_REVERSED,
    Channel,
)

CHANNELS: dict[type[EventData], Channel] = {
    UnitChanged: OWNERS_UNIT,
    SharesChanged: OWNERS_SHARES,
    OwnershipLineChanged: OWNERS_LINE,
    ChargeRaised: CHARGE_RAISED,
    ChargeCredited: CHARGE_CREDITED,
    PaymentReceived: PAYMENT_RECEIVED,
    PaymentReversed: PAYMENT_REVERSED,
}


def day(text: str | date) -> date:
    return text if isinstance(text, date) else date.fromisoformat(text)


def a_unit(unit_id: str = "U1", **facts: Any) -> UnitChanged:
    """An owned flat, managed since the start of 2025."""
    given: dict[str, Any] = {
        "unit_id": unit_id, "development_id": "D1", "block_id": "B1", "kind": UnitKind.FLAT, "tenure": Tenure.OWNED,
        "address": Address(lines=("1 Close",), town="Glasgow", postcode="G1 1AA"), "managed_from": date(2025, 1, 1),
    }  # fmt: skip
    return UnitChanged(**{**given, **facts})


def a_line(
    unit_id: str, *periods: tuple[str, str] | tuple[str, str, bool], version: int = 1, void: tuple[str, ...] = ()
) -> OwnershipLineChanged:
    """A line of ``(ownership_id, day of entry)``; a third ``True`` makes the period the association's."""
    starts = [day(period[1]) for period in periods]
    line = [
        {
            "ownership_id": period[0] or None, "from": start, "to": end,
            "party_ids": (f"P-{period[0]}",), "internal": len(period) > 2,
        }
        for period, start, end in zip(periods, starts, [*starts, None][1:], strict=True)
    ]  # fmt: skip
    without = [{"ownership_id": name, "reason": "void"} for name in void]
    return OwnershipLineChanged.model_validate(
        {"unit_id": unit_id, "version": version, "line": tuple(line), "without_period": tuple(without)}, strict=False
    )


def shares(
    *members: tuple[str, int, int], set_id: str = "S1", since: str = "2025-01-01", complete: bool = True
) -> SharesChanged:
    return SharesChanged(
        share_set_id=set_id, name="Close repairs", scope=Scope(block_id="B1"), basis=Basis.TITLE,
        effective_from=day(since), complete=complete,
        members=tuple(Member(unit_id=unit, numerator=top, denominator=bottom) for unit, top, bottom in members),
    )  # fmt: skip


def a_charge(
    charge_id: str, pence: int, *, unit: str | None = None, pool: str | None = None, on: str, **facts: Any
) -> ChargeRaised:
    kind = ChargeKind(facts.pop("kind", "repair"))
    if "due_on" in facts:
        facts["due_on"] = day(facts["due_on"])
    return ChargeRaised.model_validate(
        {
            "charge_id": charge_id, "kind": kind, "unit_id": unit, "share_set_id": pool, "amount_pence": pence,
            "description": f"Work {charge_id}", "raised_on": day(on), **facts,
        },
        strict=False,
    )  # fmt: skip


def a_credit(credit_id: str, charge_id: str, pence: int | None = None, *, on: str) -> ChargeCredited:
    return ChargeCredited(
        credit_id=credit_id, charge_id=charge_id, amount_pence=pence, reason="agreed", credited_on=day(on)
    )


def a_payment(payment_id: str, pence: int, *, on: str, **facts: Any) -> PaymentReceived:
    method = PaymentMethod(facts.pop("method", "bank-transfer"))
    return PaymentReceived(payment_id=payment_id, amount_pence=pence, received_on=day(on), method=method, **facts)


def a_reversal(reversal_id: str, payment_id: str, pence: int, *, on: str) -> PaymentReversed:
    return PaymentReversed(
        reversal_id=reversal_id, payment_id=payment_id, amount_pence=pence, reversed_on=day(on), reason="arudd-0"
    )
