"""Refunds: only where the money came from, never more than is the payer's, and with a clock."""

import pytest

from services.billing.domain.facts import refund_id
from services.billing.domain.lines import kind_of
from services.billing.domain.payments import Held
from services.billing.domain.refunds import SOURCES, due_by, in_credit_since, refuse_refund
from shared.bus.commands import Given
from shared.events.billing import LineKind
from shared.events.housing import PaymentMethod
from tests.unit.billing.builders import a_payment, charge_line, day, payment_line, reversal_line


def test_former_owner_gets_credit_back_within_ten_office_days() -> None:
    # Good Friday is no Scottish public holiday by law, Easter Monday neither; the May day is.
    assert due_by(day("2026-04-20"), day("2026-02-17")) == day("2026-05-05")
    assert due_by(day("2026-02-01"), day("2026-04-20")) == day("2026-05-05")
    assert due_by(day("2026-04-20"), None) is None


@pytest.mark.parametrize(
    ("lines", "since"),
    [
        ([], None),
        ([charge_line(50_00)], None),
        ([charge_line(50_00), payment_line(50_00)], None),
        ([charge_line(50_00), payment_line(70_00, on="2026-04-15")], "2026-04-15"),
        ([payment_line(20_00, on="2026-01-02"), payment_line(20_00, "P2", on="2026-04-15")], "2026-01-02"),
        ([payment_line(20_00, on="2026-01-02"), charge_line(30_00), payment_line(20_00, "P2", on="2026-04-15")],
         "2026-04-15"),
        ([payment_line(20_00), reversal_line(20_00)], None),
    ],
)  # fmt: skip
def test_credit_is_counted_from_the_day_it_last_began(lines: list[object], since: str | None) -> None:
    found = in_credit_since(lines)  # type: ignore[arg-type]
    assert found == (day(since) if since is not None else None)


@pytest.mark.parametrize("method", sorted(set(PaymentMethod) - SOURCES))
def test_money_that_names_nowhere_to_go_back_to_is_not_refunded(method: PaymentMethod) -> None:
    refusal = refuse_refund(a_payment(method=method), Held(100_00, {}), 100_00, 1)
    assert refusal is not None
    assert refusal.rule == "refund-without-source"


@pytest.mark.parametrize(
    ("left", "credit", "asked", "allowed"),
    [(100, 60, 60, True), (100, 60, 61, False), (40, 60, 40, True), (40, 60, 41, False), (40, -5, 1, False),
     (40, None, 40, True), (40, None, 41, False)],
)  # fmt: skip
def test_no_more_goes_back_than_the_payment_and_the_credit_hold(
    left: int, credit: int | None, asked: int, allowed: bool
) -> None:
    assert (refuse_refund(a_payment(), Held(100, {"R1": 100 - left}), credit, asked) is None) is allowed


def test_a_refund_is_shown_as_one() -> None:
    name = refund_id(Given("refund", "payment:P1", "ada", "left", key="7", approved_by="bo").uid)
    assert kind_of(reversal_line(5, reversal_id=name)) == LineKind.REFUND
    assert kind_of(reversal_line(5)) == LineKind.REVERSAL
    assert len(name) <= 64
