"""Which debt each payment settles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.allocation import Allocated, Allocation, Receipt, receipts_of
from services.billing.domain.items import Item, payment_order
from services.billing.domain.lines import Line
from tests.unit.billing.builders import allocate, an_item, day, payment_line, reversal_line

OLD = an_item(120_00, "C-q3", "2026-01-28", statement_no="F-2025Q4")
NEW = an_item(95_50, "C-q4", "2026-04-28", statement_no="F-2026Q1")
FEE = an_item(20_00, "A-fee", "2026-04-28", statement_no="F-2026Q1", is_fee=True)


def paid(pence: int, payment_id: str = "P1", on: str = "2026-05-01", for_statement: str | None = None) -> Receipt:
    return Receipt(payment_id, day(on), pence, for_statement)


def test_payment_settles_the_oldest_due_first() -> None:
    assert allocate([OLD, NEW, FEE], [paid(150_00)]).open_pence == (0, 65_50, 20_00)


def test_charges_are_settled_before_fees_of_the_same_due_day() -> None:
    assert allocate([NEW, FEE], [paid(100_00)]).open_pence == (0, 15_50)


def test_payer_chooses_a_statement_and_the_rest_goes_to_the_oldest() -> None:
    assert allocate([OLD, NEW], [paid(150_00, for_statement="F-2026Q1")]).open_pence == (65_50, 0)


@pytest.mark.parametrize("written", ["f-2026q1", "F2026Q1", "F 2026-Q1"])
def test_statement_number_is_read_whatever_case_spaces_and_hyphens(written: str) -> None:
    assert allocate([OLD, NEW], [paid(95_50, for_statement=written)]).open_pence == (120_00, 0)


def test_choice_of_a_statement_not_issued_yet_changes_nothing() -> None:
    assert allocate([OLD, NEW], [paid(10_00, for_statement="F-2026Q2")]).open_pence == (110_00, 95_50)


def test_payers_choice_pays_the_charges_of_the_statement_before_its_fees() -> None:
    assert allocate([OLD, NEW, FEE], [paid(100_00, for_statement="F-2026Q1")]).open_pence == (120_00, 0, 15_50)


def test_overpayment_is_credit() -> None:
    assert allocate([OLD], [paid(200_00)]) == Allocation(
        (0,), (Allocated("P1", "C-q3", "F-2025Q4", 120_00),), 80_00, (0,)
    )


def test_surplus_of_credits_comes_after_all_payments() -> None:
    result = allocate([OLD, NEW], [paid(120_00)], surplus_pence=100_00)
    assert result.parts[-1] == Allocated(None, "C-q4", "F-2026Q1", 95_50)
    assert (result.open_pence, result.credit_pence) == ((0, 0), 4_50)


def test_earlier_payment_with_a_choice_leaves_the_oldest_to_a_later_one() -> None:
    result = allocate([OLD, NEW], [paid(95_50, "P1", for_statement="F-2026Q1"), paid(1_00, "P2")])
    assert result.parts == (Allocated("P1", "C-q4", "F-2026Q1", 95_50), Allocated("P2", "C-q3", "F-2025Q4", 1_00))


def test_payments_stand_in_order_of_value_date_then_payment_id() -> None:
    rows = [
        payment_line(1, "P3", "2026-05-02"),
        payment_line(1, "P2"),
        payment_line(1, "P1"),
        payment_line(1, "P0", "2026-05-01"),
    ]
    assert [receipt.payment_id for receipt in receipts_of(rows)[0]] == ["P1", "P2", "P0", "P3"]


def test_reversal_removes_its_payment() -> None:
    assert receipts_of([payment_line(95_50), reversal_line(95_50)]) == ((), 0)


def test_partial_reversal_lowers_its_payment() -> None:
    (receipt,), _ = receipts_of([reversal_line(5_50), payment_line(95_50)])
    assert (receipt.pence, receipt.received_on) == (90_00, day("2026-04-15"))


def test_payment_that_moved_away_is_no_receipt() -> None:
    assert receipts_of([payment_line(95_50), payment_line(-95_50, book="2026-05-05")]) == ((), 0)


def test_reversal_seen_before_its_payment_is_overdrawn() -> None:
    assert receipts_of([reversal_line(95_50)]) == ((), 95_50)


item_lists = st.lists(
    st.builds(
        lambda pence, charge, quarter, fee: an_item(
            pence, charge, f"2026-0{quarter}-28", statement_no=f"F-2026Q{quarter}", is_fee=fee
        ),
        st.integers(1, 100), st.sampled_from("ABC"), st.integers(1, 4), st.booleans(),
    ),
    max_size=8,
).map(lambda found: sorted(found, key=payment_order))  # fmt: skip
receipt_lists = st.lists(
    st.builds(
        lambda pence, number, quarter: paid(pence, f"P{number}", for_statement=quarter),
        st.integers(1, 200), st.integers(1, 9), st.none() | st.integers(1, 5).map("F-2026Q{}".format),
    ),
    max_size=6,
)  # fmt: skip


@given(item_lists, receipt_lists, st.integers(0, 50))
def test_no_penny_is_lost_or_made_by_allocation(found: list[Item], payments: list[Receipt], surplus: int) -> None:
    result = allocate(found, payments, surplus)
    settled = sum(part.pence for part in result.parts)
    assert settled + result.credit_pence == sum(receipt.pence for receipt in payments) + surplus
    assert settled + sum(result.open_pence) == sum(item.amount_pence for item in found)
    assert all(part.pence > 0 for part in result.parts)
    assert all(0 <= pence <= item.amount_pence for item, pence in zip(found, result.open_pence, strict=True))


@given(item_lists, receipt_lists, st.integers(0, 50))
def test_credit_is_left_only_when_every_item_is_settled(
    found: list[Item], payments: list[Receipt], surplus: int
) -> None:
    result = allocate(found, payments, surplus)
    assert not (result.credit_pence and any(result.open_pence))


payment_ids = st.sampled_from(["P1", "P2", "P3"])
lines_of_payments = st.lists(
    st.builds(payment_line, st.integers(1, 50), payment_ids)
    | st.builds(reversal_line, st.integers(1, 50), payment_ids),
    max_size=10,
)


@given(lines_of_payments)
def test_live_payments_less_what_is_overdrawn_are_all_of_the_lines(rows: list[Line]) -> None:
    found, overdrawn = receipts_of(rows)
    assert sum(receipt.pence for receipt in found) - overdrawn == -sum(line.amount_pence for line in rows)
