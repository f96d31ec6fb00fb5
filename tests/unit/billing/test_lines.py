"""What is one line, and from when a statement carries it."""

import pytest

from services.billing.domain import lines
from services.billing.domain.facts import FactKind
from shared.events.billing import LineKind
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import charge_line, credit_line, day, payment_line, reversal_line


def test_what_one_fact_does_within_a_book_is_one_line() -> None:
    rows = [charge_line(50_00, tax_pence=10), charge_line(-20_00, tax_pence=-4)]
    assert lines.netted(rows) == (charge_line(30_00, tax_pence=6),)


def test_net_of_nothing_is_no_line() -> None:
    assert lines.netted([charge_line(50_00), charge_line(-50_00)]) == ()


def test_same_fact_in_two_books_is_two_lines() -> None:
    rows = [charge_line(-50_00, book="2026-03-01"), charge_line(50_00, book="2026-01-10")]
    assert [line.amount_pence for line in lines.netted(rows)] == [50_00, -50_00]


def test_two_facts_with_one_name_are_two_lines() -> None:
    rows = [charge_line(50_00, charge_id="X"), payment_line(50_00, "X", on="2026-01-10")]
    assert len(lines.netted(rows)) == 2


@pytest.mark.parametrize(
    ("value_on", "book", "carried_from"),
    [
        ("2026-03-31", "2026-03-31", "2026-04-01"),
        ("2026-03-31", "2026-04-01", "2026-04-01"),
        ("2026-04-01", "2026-04-01", "2026-04-02"),
        ("2026-01-05", "2026-04-02", "2026-04-02"),
        ("2026-07-01", "2026-04-02", "2026-07-02"),
        ("2026-01-05", "1970-01-01", "2026-01-06"),
    ],
)
def test_statement_carries_what_was_learnt_by_then_and_counts_before_it(
    value_on: str, book: str, carried_from: str
) -> None:
    assert lines.carried_from(charge_line(1, on=value_on, book=book)) == day(carried_from)


def test_as_of_asks_for_value_dates_and_known_at_for_books() -> None:
    rows = [
        charge_line(1, "C1", on="2026-01-10", book="2026-03-01"),
        charge_line(1, "C2", on="2026-03-01", book="2026-01-10"),
    ]
    assert [line.fact_id for line in lines.known(rows, day("2026-02-01"), None)] == ["C1"]
    assert [line.fact_id for line in lines.known(rows, None, day("2026-02-01"))] == ["C2"]
    assert lines.known(rows, day("2026-03-01"), day("2026-03-01")) == tuple(rows)


@pytest.mark.parametrize(
    ("kind", "charge_kind", "shown"),
    [
        (FactKind.CHARGE, ChargeKind.REPAIR, LineKind.CHARGE),
        (FactKind.CHARGE, ChargeKind.LATE_FEE, LineKind.FEE),
        (FactKind.CHARGE, ChargeKind.ADMIN_FEE, LineKind.FEE),
        (FactKind.CHARGE, ChargeKind.MANAGEMENT_FEE, LineKind.CHARGE),
        (FactKind.CREDIT, ChargeKind.LATE_FEE, LineKind.CREDIT),
        (FactKind.PAYMENT, None, LineKind.PAYMENT),
        (FactKind.REVERSAL, None, LineKind.REVERSAL),
    ],
)
def test_kind_of_line(kind: FactKind, charge_kind: ChargeKind | None, shown: LineKind) -> None:
    line = lines.Line(kind, "X1", 1, day("2026-01-10"), day("2026-01-10"), charge_kind=charge_kind)
    assert lines.kind_of(line) == shown


def test_lines_stand_in_order_of_book_value_date_kind_and_fact() -> None:
    rows = [
        reversal_line(1, on="2026-01-10"),
        payment_line(1, on="2026-01-10"),
        credit_line(-1, on="2026-01-10"),
        charge_line(1, "C2"),
        charge_line(1, "C1"),
        charge_line(1, "C0", on="2026-01-09", book="2026-02-01"),
    ]
    assert [line.fact_id for line in lines.netted(rows)] == ["C1", "C2", "K1", "P1", "R1", "C0"]
