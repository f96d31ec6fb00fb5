"""What falls due together, and what credits take from."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.items import Folded, StatementHead, fold, not_billed
from services.billing.domain.lines import Line, netted
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import a_statement, charge_line, credit_line, day, payment_line

Q1 = a_statement("2026-04-01", "2026-04-29", "F-2026Q1")
Q2 = a_statement("2026-07-01", "2026-07-29", "F-2026Q2")
Q3 = a_statement("2026-10-01", "2026-10-29", "F-2026Q3")


def folded(*rows: Line, statements: tuple[StatementHead, ...] = (Q1,)) -> Folded:
    return fold(netted(rows), statements)


def brief(result: Folded) -> list[tuple[str, str | None, int]]:
    return [(item.charge_id, item.statement_no, item.amount_pence) for item in result.items]


def test_nothing_is_due_before_a_statement_carries_it() -> None:
    result = folded(charge_line(50_00), statements=())
    assert (result.items, result.pending_pence) == ((), 50_00)


def test_statement_makes_an_item_due_28_days_later() -> None:
    (item,) = folded(charge_line(50_00)).items
    assert (item.statement_no, item.issued_on, item.due_on) == ("F-2026Q1", day("2026-04-01"), day("2026-04-29"))


def test_charge_of_the_day_of_issue_is_not_on_that_statement() -> None:
    result = folded(charge_line(50_00, on="2026-04-01"))
    assert (result.items, result.pending_pence) == ((), 50_00)


def test_charge_learnt_late_falls_due_with_the_next_statement() -> None:
    result = folded(charge_line(50_00, on="2026-01-10", book="2026-04-02"), statements=(Q1, Q2))
    assert brief(result) == [("C1", "F-2026Q2", 50_00)]


def test_account_without_a_statement_of_one_quarter_waits_for_the_next() -> None:
    assert brief(folded(charge_line(50_00), statements=(Q2,))) == [("C1", "F-2026Q2", 50_00)]


def test_increase_of_a_charge_billed_before_is_an_item_of_its_own() -> None:
    rows = (charge_line(50_00), charge_line(7_00, book="2026-05-05"))
    assert brief(folded(*rows, statements=(Q1, Q2))) == [("C1", "F-2026Q1", 50_00), ("C1", "F-2026Q2", 7_00)]


def test_decrease_takes_from_what_is_not_billed_first() -> None:
    rows = (charge_line(50_00), charge_line(7_00, book="2026-05-05"), credit_line(-10_00, book="2026-05-06"))
    result = folded(*rows)
    assert (brief(result), result.pending_pence) == ([("C1", "F-2026Q1", 47_00)], 0)


def test_decrease_takes_from_the_newest_item_at_once() -> None:
    rows = (charge_line(50_00), charge_line(7_00, book="2026-05-05"), credit_line(-10_00, book="2026-07-02"))
    assert brief(folded(*rows, statements=(Q1, Q2))) == [("C1", "F-2026Q1", 47_00)]


def test_decrease_leaves_other_charges_alone() -> None:
    rows = (charge_line(50_00), charge_line(9_00, "C2"), credit_line(-9_00, "C1", book="2026-04-20"))
    assert brief(folded(*rows)) == [("C1", "F-2026Q1", 41_00), ("C2", "F-2026Q1", 9_00)]


def test_decrease_with_a_later_value_date_counts_from_when_it_is_learnt() -> None:
    rows = (charge_line(50_00), credit_line(-20_00, on="2026-04-20", book="2026-03-20"))
    assert brief(folded(*rows)) == [("C1", "F-2026Q1", 30_00)]


def test_items_of_a_cancelled_sale_are_new_and_due_with_the_next_statement() -> None:
    away = charge_line(-50_00, book="2026-05-05")
    back = charge_line(50_00, book="2026-05-20")
    result = folded(charge_line(50_00), away, back, statements=(Q1, Q2))
    assert brief(result) == [("C1", "F-2026Q2", 50_00)]


def test_charge_that_moved_away_and_back_within_a_book_never_moved() -> None:
    away, back = charge_line(-50_00, book="2026-05-05"), charge_line(50_00, book="2026-05-05")
    assert brief(folded(charge_line(50_00), away, back)) == [("C1", "F-2026Q1", 50_00)]


def test_charge_and_credit_that_move_in_one_book_move_as_one() -> None:
    billed = (charge_line(50_00), credit_line(-20_00, book="2026-02-10"))
    moved = (charge_line(-50_00, book="2026-05-05"), credit_line(20_00, book="2026-05-05"))
    result = folded(*billed, *moved)
    assert (result.items, result.pending_pence, result.surplus_pence) == ((), 0, 0)


def test_redivided_charge_and_credit_lower_the_item_by_their_net() -> None:
    billed = (charge_line(100_00), credit_line(-20_00, book="2026-02-10"))
    redivided = (charge_line(-50_00, book="2026-05-05"), credit_line(10_00, book="2026-05-05"))
    result = folded(*billed, *redivided)
    assert (brief(result), result.pending_pence) == ([("C1", "F-2026Q1", 40_00)], 0)


def test_credits_beyond_the_items_are_a_surplus() -> None:
    result = folded(charge_line(1), credit_line(-2, book="2026-05-05"))
    assert (result.items, result.surplus_pence) == ((), 1)


def test_increase_after_a_surplus_of_the_same_charge_fills_it_first() -> None:
    result = folded(
        charge_line(1), credit_line(-2, book="2026-05-05"), credit_line(3, book="2026-05-06", credit_id="K2")
    )
    assert (result.items, result.pending_pence, result.surplus_pence) == ((), 2, 0)


def test_opening_balance_is_due_on_its_day_without_a_statement() -> None:
    line = charge_line(62_50, on="2026-01-02", charge_kind=ChargeKind.OPENING_BALANCE, due_on=day("2025-11-28"))
    (item,) = folded(line, statements=()).items
    assert (item.statement_no, item.issued_on, item.due_on) == (None, day("2025-10-31"), day("2025-11-28"))


def test_statement_that_shows_an_opening_balance_does_not_make_it_due_anew() -> None:
    line = charge_line(62_50, on="2026-01-02", charge_kind=ChargeKind.OPENING_BALANCE, due_on=day("2025-11-28"))
    assert brief(folded(line, statements=(Q1, Q2))) == [("C1", None, 62_50)]


def test_credit_lowers_an_opening_balance() -> None:
    line = charge_line(62_50, on="2026-01-02", charge_kind=ChargeKind.OPENING_BALANCE, due_on=day("2025-11-28"))
    assert brief(folded(line, credit_line(-2_50))) == [("C1", None, 60_00)]


def test_opening_balance_without_a_due_day_is_billed_like_a_charge() -> None:
    line = charge_line(62_50, charge_kind=ChargeKind.OPENING_BALANCE)
    assert brief(folded(line)) == [("C1", "F-2026Q1", 62_50)]


def test_items_stand_in_order_of_due_day_then_charges_before_fees_then_charge_id() -> None:
    rows = (
        charge_line(1, "C1", book="2026-05-05"),
        charge_line(1, "A-fee", charge_kind=ChargeKind.LATE_FEE),
        charge_line(1, "B-admin", charge_kind=ChargeKind.ADMIN_FEE),
        charge_line(1, "C3"),
        charge_line(1, "C2"),
    )
    assert [item.charge_id for item in folded(*rows, statements=(Q1, Q2)).items] == [
        "C2",
        "C3",
        "A-fee",
        "B-admin",
        "C1",
    ]


def test_payments_are_no_items() -> None:
    assert folded(payment_line(50_00)) == Folded((), 0, 0)


books = st.dates(day("2026-01-01"), day("2026-11-30"))
moves = st.builds(
    lambda pence, charge, book, value, credit: (
        credit_line(pence, charge, value.isoformat(), book.isoformat(), credit_id=f"K-{charge}-{value}")
        if credit
        else charge_line(pence, charge, "2026-01-01", book.isoformat())
    ),
    st.integers(-50, 50).filter(bool), st.sampled_from(["C1", "C2"]), books, books, st.booleans(),
)  # fmt: skip
statement_sets = st.sets(st.sampled_from([Q1, Q2, Q3])).map(tuple)


@given(st.lists(moves, max_size=12), statement_sets)
def test_items_pending_and_surplus_are_all_of_the_lines(
    rows: list[Line], statements: tuple[StatementHead, ...]
) -> None:
    result = folded(*rows, statements=statements)
    in_items = sum(item.amount_pence for item in result.items)
    assert in_items + result.pending_pence - result.surplus_pence == sum(line.amount_pence for line in rows)
    assert all(item.amount_pence > 0 for item in result.items)
    assert result.pending_pence >= 0
    assert result.surplus_pence >= 0
    waiting = not_billed(netted(rows), statements)
    assert sum(item.amount_pence for item in waiting) == result.pending_pence
    assert len({item.charge_id for item in waiting}) == len(waiting)


@given(st.lists(moves, max_size=12), st.randoms(use_true_random=False), statement_sets)
def test_order_of_lines_changes_nothing(
    rows: list[Line], random: "st.DataObject", statements: tuple[StatementHead, ...]
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert folded(*shuffled, statements=statements) == folded(*rows, statements=statements)


@given(st.lists(moves, max_size=12))
def test_later_statement_leaves_older_items_as_they_are(rows: list[Line]) -> None:
    early = [item for item in folded(*rows, statements=(Q1,)).items if item.statement_no == Q1.statement_no]
    late = [item for item in folded(*rows, statements=(Q1, Q2, Q3)).items if item.statement_no == Q1.statement_no]
    assert early == late
