"""Builders of billing's facts: say only what matters to the test.  Days are written as ``2026-01-31``."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from services.billing.domain import allocation, refs, reports, statements
from services.billing.domain import position as positions
from services.billing.domain.allocation import Allocation, Receipt, Rules
from services.billing.domain.disputes import Dispute
from services.billing.domain.division import share_version
from services.billing.domain.facts import Charge, Credit, FactKind, Part, Payment, Reversal, ShareVersion, Stay, Unit
from services.billing.domain.items import Item, StatementHead
from services.billing.domain.lines import Cut, Line
from services.billing.domain.position import Position
from services.billing.domain.reports import Rate
from services.billing.domain.statements import Draft
from services.billing.settings import read_allocation_policies, read_statement_policies
from shared.events.housing import ChargeKind, PaymentMethod

MANAGED_FROM = date(2020, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def account(unit_id: str = "U1", ownership_id: str | None = "O1") -> str:
    return refs.account_id(unit_id, ownership_id)


def a_stay(unit_id: str, ownership_id: str | None, from_on: str, to_on: str | None = None) -> Stay:
    return Stay(account(unit_id, ownership_id), day(from_on), day(to_on) if to_on else None)


def a_unit(unit_id: str = "U1", *stays: tuple[Any, ...], **facts: Any) -> Unit:
    """A unit owned since 2020 by ownership O1, unless stays ``(ownership_id, from, to?)`` say otherwise."""
    rows = stays or (("O1", "2020-01-01"),)
    given: dict[str, Any] = {"managed_from": MANAGED_FROM, "stays": tuple(a_stay(unit_id, *row) for row in rows)}
    return Unit(unit_id=unit_id, **{**given, **facts})


def units_of(*units: Unit) -> dict[str, Unit]:
    return {unit.unit_id: unit for unit in units}


def a_charge(charge_id: str = "C1", net: int = 100_00, tax: int = 0, on: str = "2026-01-10", **facts: Any) -> Charge:
    """A repair of unit U1 raised and owed on one day."""
    given: dict[str, Any] = {
        "kind": ChargeKind.REPAIR, "share_set_id": None, "unit_id": None if "share_set_id" in facts else "U1",
        "liable_from": day(on), "liable_to": day(facts.pop("to", on)), "raised_on": day(on),
    }  # fmt: skip
    return Charge(charge_id=charge_id, net_pence=net, tax_pence=tax, **{**given, **facts})


def a_credit(pence: int, credit_id: str = "K1", charge_id: str = "C1", on: str = "2026-02-10") -> Credit:
    return Credit(credit_id, charge_id, pence, day(on))


def drafted(
    lines: Iterable[Line], account_ref: str, previous: StatementHead | None, issued_on: date, struck: Cut | None = None
) -> Draft | None:
    """A statement that is due as the shipped policy says."""
    due_on = statements.due_day(read_statement_policies(), issued_on)
    return statements.draft(lines, account_ref, previous, issued_on, due_on, struck)


def a_payment(pence: int = 100_00, payment_id: str = "P1", on: str = "2026-04-15", **facts: Any) -> Payment:
    return Payment(payment_id, pence, day(on), facts.pop("method", PaymentMethod.BANK_TRANSFER), **facts)


def a_reversal(pence: int, reversal_id: str = "R1", payment_id: str = "P1", on: str = "2026-04-17") -> Reversal:
    return Reversal(reversal_id, payment_id, pence, day(on))


def a_set(*members: tuple[str, int, int], complete: bool = True, since: str = "2020-01-01") -> ShareVersion:
    return share_version("S1", day(since), is_complete=complete, members=members)


def equal_set(size: int) -> ShareVersion:
    return a_set(*((f"U{number}", 1, size) for number in range(1, size + 1)))


def amounts(parts: tuple[Part, ...], kind: FactKind = FactKind.CHARGE) -> dict[str, int]:
    """Gross pence by holder of all facts of a kind."""
    found: dict[str, int] = {}
    for part in parts:
        if part.kind == kind:
            found[part.holder] = found.get(part.holder, 0) + part.amount_pence
    return found


def by_unit(parts: tuple[Part, ...], kind: FactKind = FactKind.CHARGE) -> list[int]:
    """Gross pence by unit of all facts of a kind, in order of unit_id."""
    found: dict[str, int] = {}
    for part in parts:
        if part.kind == kind:
            found[part.unit_id or ""] = found.get(part.unit_id or "", 0) + part.amount_pence
    return [found[unit_id] for unit_id in sorted(found)]


def charge_line(
    pence: int, charge_id: str = "C1", on: str = "2026-01-10", book: str | None = None, **facts: Any
) -> Line:
    kind = facts.pop("charge_kind", ChargeKind.REPAIR)
    known = day(book or on)
    return Line(FactKind.CHARGE, charge_id, pence, day(on), known, charge_id=charge_id, charge_kind=kind, **facts)


def credit_line(
    pence: int, charge_id: str = "C1", on: str = "2026-02-10", book: str | None = None, credit_id: str = "K1"
) -> Line:
    known = day(book or on)
    return Line(FactKind.CREDIT, credit_id, pence, day(on), known, charge_id=charge_id, charge_kind=ChargeKind.REPAIR)


def payment_line(
    pence: int, payment_id: str = "P1", on: str = "2026-04-15", book: str | None = None, **facts: Any
) -> Line:
    """A payment of so many pence: it lowers what is owed."""
    return Line(FactKind.PAYMENT, payment_id, -pence, day(on), day(book or on), payment_id=payment_id, **facts)


def reversal_line(
    pence: int, payment_id: str = "P1", on: str = "2026-04-17", book: str | None = None, reversal_id: str = "R1"
) -> Line:
    return Line(FactKind.REVERSAL, reversal_id, pence, day(on), day(book or on), payment_id=payment_id)


def a_statement(issued_on: str, due_on: str, statement_no: str | None = None) -> StatementHead:
    return StatementHead(statement_no or f"F-{issued_on}", day(issued_on), day(due_on))


def an_item(pence: int, charge_id: str = "C1", due_on: str = "2026-04-29", **facts: Any) -> Item:
    given: dict[str, Any] = {"is_fee": False, "statement_no": f"F-{due_on}", "issued_on": day(due_on)}
    return Item(charge_id=charge_id, due_on=day(due_on), amount_pence=pence, **{**given, **facts})


def a_dispute(
    pence: int, charge_id: str = "C1", on: str = "2026-03-01", until: str | None = None, dispute_id: str = "D1"
) -> Dispute:
    ended_on = day(until) if until else None
    return Dispute(dispute_id, charge_id, pence, day(on), day(on), ended_on, ended_on)


def shipped(*disputes: Dispute) -> Rules:
    """The order of allocation as shipped, with these disputes."""
    return Rules(read_allocation_policies(), disputes)


def allocate(
    items: Sequence[Item], receipts: Iterable[Receipt], surplus_pence: int = 0, rules: Rules | None = None
) -> Allocation:
    return allocation.allocate(items, receipts, rules or shipped(), surplus_pence)


def position(lines: Iterable[Line], statements: Sequence[StatementHead], on: date, *disputes: Dispute) -> Position:
    return positions.position(lines, statements, on, shipped(*disputes))


def collected(lines: Iterable[Line], statements: Sequence[StatementHead], first: date, last: date) -> Rate:
    return reports.collected(lines, statements, first, last, shipped())
