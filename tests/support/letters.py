"""Builders of what notify hears: a small close, its owners, accounts, statements and stages."""

from datetime import date, timedelta
from typing import Any

from shared.events.arrears import (
    Frequency,
    HoldChanged,
    HoldKind,
    NoticeChange,
    NoticeChanged,
    NoticeForm,
    NoticeState,
    OverdueItem,
    PlanChanged,
    PlanInstalment,
    PlanState,
    StageReached,
)
from shared.events.billing import (
    AccountOpened,
    AccountPaid,
    AnnualHead,
    AnnualLine,
    AnnualStatementIssued,
    DisputeRaised,
    FeeNoticeGiven,
    FinalAccountIssued,
    ItemsChanged,
    LineKind,
    OpenItem,
    ReliefEnded,
    ShareCarried,
    StatementIssued,
    StatementLine,
)
from shared.events.housing import Address, ChannelChoice, ChargeKind, PaymentMethod, Tenure, UnitKind
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.events.owners import ContactDetailsChanged, ContactKind, OwnershipLineChanged, OwnershipPeriod, UnitChanged

ISSUED = date(2026, 4, 1)


def an_address(*lines: str, town: str = "Glasgow", postcode: str = "G42 8AB") -> Address:
    return Address(lines=lines or ("Flat 2/1", "14 Alder Street"), town=town, postcode=postcode)


def a_unit(unit_id: str = "U1", *lines: str) -> UnitChanged:
    return UnitChanged(
        unit_id=unit_id, development_id="D1", kind=UnitKind.FLAT, address=an_address(*lines), tenure=Tenure.OWNED,
        managed_from=date(2025, 1, 1),
    )  # fmt: skip


def a_party(
    party_id: str = "P1", name: str | None = "Aileen MacDonald", email: str | None = "aileen@example.org", **more: Any
) -> ContactDetailsChanged:
    return ContactDetailsChanged(contact_id=party_id, kind=ContactKind.PARTY, name=name, email=email, **more)


def an_agent(ownership_id: str = "O1", email: str | None = "agent@example.org") -> ContactDetailsChanged:
    return ContactDetailsChanged(
        contact_id=ownership_id, kind=ContactKind.BILLING_CONTACT, name="Lets & Sons", email=email,
        correspondence_address=an_address("9 Agent Lane"),
    )  # fmt: skip


def an_erasure(party_id: str = "P1") -> ContactDetailsChanged:
    return ContactDetailsChanged(contact_id=party_id, kind=ContactKind.PARTY, erased=True)


def by_post(party_id: str = "P1") -> ContactDetailsChanged:
    return a_party(party_id, channel=ChannelChoice.POST)


def a_period(ownership_id: str = "O1", *party_ids: str, **more: Any) -> OwnershipPeriod:
    facts: dict[str, Any] = {"from": date(2025, 1, 1), "party_ids": party_ids or ("P1",)} | more
    return OwnershipPeriod(ownership_id=ownership_id, **facts)


def a_line(*periods: OwnershipPeriod, unit_id: str = "U1", version: int = 1) -> OwnershipLineChanged:
    return OwnershipLineChanged(unit_id=unit_id, version=version, line=periods or (a_period(),))


def an_account(
    account_id: str = "A1", ref: str = "F000000000A1", unit_id: str = "U1", ownership_id: str | None = "O1"
) -> AccountOpened:
    return AccountOpened(
        account_id=account_id,
        account_ref=ref,
        unit_id=unit_id,
        ownership_id=ownership_id,
        internal=ownership_id is None,
    )


def a_charge_line(amount: int = 14815, charge_id: str = "C1", **more: Any) -> StatementLine:
    facts: dict[str, Any] = {
        "kind": LineKind.CHARGE, "charge_id": charge_id, "charge_kind": ChargeKind.REPAIR,
        "description": "Roof: replace slipped slates", "share": "4/27", "pool_pence": 100_000, "tax_pence": 2469,
        "amount_pence": amount, "value_on": date(2026, 1, 19), "book": date(2026, 1, 20),
    } | more  # fmt: skip
    return StatementLine(**facts)


def a_payment_line(amount: int = -9550, payment_id: str = "PAY1") -> StatementLine:
    return StatementLine(
        kind=LineKind.PAYMENT, payment_id=payment_id, amount_pence=amount, value_on=date(2026, 1, 28),
        book=date(2026, 1, 28),
    )  # fmt: skip


def a_statement(
    *lines: StatementLine, account_id: str = "A1", ref: str = "F000000000A1", brought_forward: int = 9550,
    unit_id: str = "U1", ownership_id: str = "O1", float_held: int | None = None,
) -> StatementIssued:  # fmt: skip
    all_lines = lines or (a_charge_line(), a_payment_line())
    total = sum(line.amount_pence for line in all_lines)
    return StatementIssued(
        account_id=account_id, account_ref=ref, unit_id=unit_id, ownership_id=ownership_id,
        statement_no=f"{ref}-2026Q1", quarter="2026Q1", issued_on=ISSUED, due_on=ISSUED + timedelta(days=28),
        brought_forward_pence=brought_forward, total_pence=total, balance_pence=brought_forward + total,
        float_held_pence=float_held, lines=all_lines,
    )  # fmt: skip


def a_final_account(*lines: StatementLine, exit_on: date | None = date(2026, 2, 17)) -> FinalAccountIssued:
    """Entry on 17 February; issued 28 days after the quarter."""
    fields = dict(a_statement(*lines))
    issued_on = date(2026, 4, 28)
    days = {"issued_on": issued_on, "due_on": issued_on + timedelta(days=28), "exit_on": exit_on}
    return FinalAccountIssued(**fields | days | {"statement_no": "F000000000A1-FINAL-20260217"})


def a_stage(
    number: int = 1, *, account_id: str = "A1", ref: str = "F000000000A1", overdue: int = 14815, minimum: int = 2000,
    on: date = date(2026, 5, 6), cycle: int = 1, name: str | None = None,
) -> StageReached:  # fmt: skip
    return StageReached(
        account_id=account_id, account_ref=ref, cycle=cycle, stage=number, name=name or f"reminder-{number}",
        stage_on=on, overdue_pence=overdue, minimum_pence=minimum, oldest_due_on=date(2026, 4, 29),
        items=(OverdueItem(charge_id="C1", due_on=date(2026, 4, 29), open_pence=overdue),), policy_version="1",
        reason="overdue",
    )  # fmt: skip


def a_receipt(amount: int = 14815, *, account_id: str = "A1", payment_id: str = "PAY2") -> AccountPaid:
    return AccountPaid(
        account_id=account_id, payment_id=payment_id, amount_pence=amount, received_on=date(2026, 5, 6),
        method=PaymentMethod.BANK_TRANSFER,
    )  # fmt: skip


def a_hold(kind: HoldKind, *, charge_id: str | None = None, ended_on: date | None = None) -> HoldChanged:
    return HoldChanged(
        account_id="A1", hold_id="H1", kind=kind, charge_id=charge_id, started_on=date(2026, 5, 1), ended_on=ended_on,
        reason="told us",
    )  # fmt: skip


def a_plan_change(state: PlanState = PlanState.AGREED, **more: Any) -> PlanChanged:
    """Of a plan of £437.50 in three instalments; a warning of the first of them, which is missed."""
    days = (date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31))
    change = {PlanState.AGREED: 1, PlanState.WARNED: 2, PlanState.FAILED: 3}.get(state, 4)
    paid = 437_50 if state is PlanState.COMPLETED else 0
    facts: dict[str, Any] = {
        "account_id": "A1", "plan_id": "PL-1", "state": state, "total_pence": 437_50, "policy_version": "plan-2026-1",
        "reason": "said", "change": change, "changed_on": ISSUED, "paid_pence": paid, "due_pence": 145_83,
        "short_pence": 145_83 - min(paid, 145_83), "current_pence": 0, "frequency": Frequency.MONTHLY,
        "method": PaymentMethod.STANDING_ORDER, "current_charges": True, "grace_office_days": 5, "catch_up_days": 10,
        "fails_at_missed": 2, "in_a_row": 3,
        "instalments": tuple(
            PlanInstalment(due_on=day, amount_pence=pence)
            for day, pence in zip(days, (145_83, 145_83, 145_84), strict=True)
        ),
        "items": (OverdueItem(charge_id="C1", due_on=date(2026, 4, 29), open_pence=437_50),),
    }  # fmt: skip
    warning = {"catch_up_by": date(2026, 6, 18), "warned_of": ("instalment",)} if state is PlanState.WARNED else {}
    return PlanChanged(**facts | warning | more)


def a_dispute(
    dispute_id: str = "D-1", *, account_id: str = "A1", charge_id: str = "C1", pence: int = 40_00
) -> DisputeRaised:
    return DisputeRaised(
        account_id=account_id, dispute_id=dispute_id, charge_id=charge_id, amount_pence=pence,
        raised_on=date(2026, 5, 7),
    )  # fmt: skip


def an_item(
    pence: int = 14815, charge_id: str = "C1", due_on: date = date(2026, 4, 29), disputed: int | None = None
) -> OpenItem:
    return OpenItem(
        charge_id=charge_id, statement_no="S1", issued_on=ISSUED, due_on=due_on, open_pence=pence,
        disputed_pence=disputed,
    )  # fmt: skip


def items_of(*items: OpenItem, account_id: str = "A1") -> ItemsChanged:
    """All that is open of an account."""
    owed = sum(item.open_pence for item in items)
    return ItemsChanged(account_id=account_id, items=items, credit_pence=0, balance_pence=owed)


def a_fee_notice(**more: Any) -> FeeNoticeGiven:
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "unit_id": "U1", "ownership_id": "O1",
        "schedule_id": "FEE-B1", "version": 2, "kind": ChargeKind.MANAGEMENT_FEE, "description": "Management fee",
        "why": "Wages rose by 4 %", "old_pence": 168_00, "new_pence": 192_00, "new_tax_pence": 32_00, "instalments": 4,
        "notified_on": date(2026, 5, 6), "effective_from": date(2026, 7, 1),
    } | more  # fmt: skip
    return FeeNoticeGiven(**facts)


def a_mandate_end(**more: Any) -> MandateEnded:
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "mandate_id": "MD1", "payment_id": "PAY1",
        "reversal_id": "R1", "amount_pence": 1_095_50, "collected_on": date(2026, 4, 15),
        "returned_on": date(2026, 4, 17), "code": "arudd-1", "noted_on": date(2026, 4, 17),
    } | more  # fmt: skip
    return MandateEnded(**facts)


def a_withdrawn_mandate(**more: Any) -> MandateWithdrawn:
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "mandate_id": "MD1", "code": "addacs-1",
        "ended_on": date(2026, 4, 17),
    } | more  # fmt: skip
    return MandateWithdrawn(**facts)


def a_share_notice(**more: Any) -> ShareCarried:
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "unit_id": "U1", "ownership_id": "O1",
        "charge_id": "R5:7d2a:1", "shared_charge_id": "ROOF-1", "kind": ChargeKind.REPAIR,
        "description": "Roof: replace slipped slates", "total_pence": 1_600_00, "missing_pence": 200_00,
        "share": "1/7", "share_pence": 28_57, "carried_on": ISSUED,
    } | more  # fmt: skip
    return ShareCarried(**facts)


def a_relief_ended(**more: Any) -> ReliefEnded:
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "unit_id": "U1", "ownership_id": "O1", "relief_id": "RL-7",
        "schedule_id": "INS-B1", "kind": ChargeKind.INSURANCE, "description": "Buildings insurance", "points": 10_000,
        "why": "No new certificate came", "old_pence": 0, "new_pence": 525_00, "instalments": 4,
        "notified_on": date(2026, 5, 6), "last_on": date(2026, 6, 30), "charged_from": date(2026, 7, 1),
    } | more  # fmt: skip
    return ReliefEnded(**facts)


def a_notice(change: NoticeChange = NoticeChange.REGISTERED, **more: Any) -> NoticeChanged:
    """A notice registered on 6 May 2026 and told of that day."""
    facts: dict[str, Any] = {
        "account_id": "A1", "notice_id": "N-F000000000A1-1", "state": NoticeState.REGISTERED, "policy_version": "1",
        "reason": "the debt is large", "account_ref": "F000000000A1", "number": 4, "change": change,
        "changed_on": date(2026, 5, 6), "urgent": False, "eligible_pence": 300_00, "form": NoticeForm.TENEMENTS,
        "title_number": "GLA12345", "headings": ("Repairs to the roof", "Management fee"), "reference": "REG-77",
        "approved_on": date(2026, 5, 1), "registered_on": date(2026, 5, 6), "last_on": date(2029, 5, 5),
        "binds_from": date(2026, 5, 20),
    } | more  # fmt: skip
    return NoticeChanged(**facts)


def an_annual_line(line: StatementLine, **days: Any) -> AnnualLine:
    return AnnualLine(**dict(line) | days)


def an_annual_statement(**more: Any) -> AnnualStatementIssued:
    """A roof of which some was credited, a fee for a quarter, and a payment: £212.00 more than brought forward."""
    fee = a_charge_line(
        42_00, "FEE", charge_kind=ChargeKind.MANAGEMENT_FEE, description="Management fee", share=None, pool_pence=None,
        tax_pence=7_00, value_on=date(2025, 1, 1),
    )  # fmt: skip
    roof = a_charge_line(300_00, share="3/10", pool_pence=1_000_00, tax_pence=50_00, value_on=date(2025, 2, 5))
    credit = a_charge_line(
        -30_00, kind=LineKind.CREDIT, credit_id="K1", share="3/10", pool_pence=-100_00, tax_pence=-5_00,
        value_on=date(2025, 5, 1), reason="Part was given back", billed_on_statement="F000000000A1-2025Q1",
    )  # fmt: skip
    payment = a_payment_line(-100_00).model_copy(update={"value_on": date(2025, 6, 2)})
    facts: dict[str, Any] = {
        "account_id": "A1", "account_ref": "F000000000A1", "unit_id": "U1", "ownership_id": "O1", "year": 2025,
        "issued_on": date(2026, 1, 5), "statement_nos": ("F000000000A1-2025Q1", "F000000000A1-2025Q2"),
        "brought_forward_pence": 5_00, "total_pence": 212_00, "balance_pence": 217_00,
        "heads": (
            AnnualHead(kind=ChargeKind.REPAIR, charged_pence=300_00, credited_pence=-30_00, tax_pence=45_00),
            AnnualHead(kind=ChargeKind.MANAGEMENT_FEE, charged_pence=42_00, credited_pence=0, tax_pence=7_00),
        ),
        "lines": (
            an_annual_line(fee, period_from=date(2025, 1, 1), period_to=date(2025, 3, 31)),
            an_annual_line(roof, completed_on=date(2025, 1, 20)),
            an_annual_line(credit, completed_on=date(2025, 1, 20)),
            an_annual_line(payment),
        ),
    } | more  # fmt: skip
    return AnnualStatementIssued(**facts)
