"""Where an account stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.position import Ageing, as_known
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import (
    a_statement,
    charge_line,
    credit_line,
    day,
    payment_line,
    position,
    reversal_line,
)

Q1 = a_statement("2026-04-01", "2026-04-29", "F-2026Q1")
Q2 = a_statement("2026-07-01", "2026-07-29", "F-2026Q2")


@pytest.mark.parametrize(
    ("due_on", "column"),
    [
        ("2026-04-30", "current"),
        ("2026-03-31", "current"),
        ("2026-03-30", "d1_30"),
        ("2026-03-01", "d1_30"),
        ("2026-02-28", "d31_60"),
        ("2026-01-30", "d31_60"),
        ("2026-01-29", "d61_90"),
        ("2025-12-31", "d61_90"),
        ("2025-12-30", "d91_120"),
        ("2025-12-01", "d91_120"),
        ("2025-11-30", "over_120"),
        ("2020-01-01", "over_120"),
    ],
)
def test_ageing_counts_days_past_the_due_day(due_on: str, column: str) -> None:
    line = charge_line(10_00, charge_kind=ChargeKind.OPENING_BALANCE, due_on=day(due_on))
    assert position([line], (), day("2026-03-31")).ageing == Ageing(**{column: 10_00})


@pytest.mark.parametrize(("on", "overdue"), [("2026-04-28", 0), ("2026-04-29", 0), ("2026-04-30", 50_00)])
def test_overdue_is_what_was_due_before_the_day(on: str, overdue: int) -> None:
    found = position([charge_line(50_00)], [Q1], day(on))
    assert (found.due_pence, found.overdue_pence) == (50_00, overdue)


def test_charge_not_billed_is_neither_due_nor_overdue() -> None:
    found = position([charge_line(50_00)], (), day("2030-01-01"))
    assert (found.balance_pence, found.due_pence, found.overdue_pence, found.not_yet_billed_pence) == (
        50_00,
        0,
        0,
        50_00,
    )


def test_credit_is_a_negative_column_of_its_own() -> None:
    found = position([charge_line(50_00), payment_line(20_00)], (), day("2026-04-20"))
    assert found.ageing == Ageing(credit=-20_00, not_yet_billed=50_00)
    assert found.balance_pence == 30_00


def test_credit_pays_the_next_statement_when_it_is_issued() -> None:
    rows = [charge_line(50_00), payment_line(20_00, on="2026-02-01")]
    assert position(rows, [Q1], day("2026-04-01")).ageing == Ageing(current=30_00)


def test_payment_moved_here_late_settles_by_its_value_date() -> None:
    rows = [
        charge_line(50_00),
        payment_line(40_00, "P2", on="2026-05-01"),
        payment_line(30_00, "P1", on="2026-04-15", book="2026-09-01"),
    ]
    found = position(rows, [Q1], day("2026-09-01"))
    assert [(part.payment_id, part.pence) for part in found.allocated] == [("P1", 30_00), ("P2", 20_00)]
    assert found.credit_pence == 20_00


def test_bounced_payment_reopens_its_items_with_their_due_days() -> None:
    rows = [charge_line(95_50), payment_line(95_50)]
    before = position(rows, [Q1], day("2026-05-15"))
    after = position([*rows, reversal_line(95_50)], [Q1], day("2026-05-15"))
    assert before.items == ()
    assert [(one.item.due_on, one.open_pence) for one in after.items] == [(day("2026-04-29"), 95_50)]
    assert after.overdue_pence == 95_50


def test_charge_moved_away_frees_the_money_that_paid_it() -> None:
    rows = [charge_line(50_00), payment_line(50_00), charge_line(-50_00, book="2026-05-05")]
    found = position(rows, [Q1], day("2026-05-05"))
    assert (found.items, found.credit_pence, found.balance_pence) == ((), 50_00, -50_00)


def test_as_of_sees_value_dates_and_statements_up_to_the_day() -> None:
    rows = [charge_line(50_00), payment_line(50_00)]
    found = position(*as_known(rows, [Q1, Q2], day("2026-04-14"), None), day("2026-04-14"))
    assert (found.balance_pence, found.due_pence) == (50_00, 50_00)
    found = position(*as_known(rows, [Q1, Q2], day("2026-03-31"), None), day("2026-03-31"))
    assert (found.balance_pence, found.due_pence, found.not_yet_billed_pence) == (50_00, 0, 50_00)


def test_known_at_sees_only_what_was_learnt_by_that_book() -> None:
    rows = [charge_line(50_00), payment_line(50_00, book="2026-06-01")]
    found = position(*as_known(rows, [Q1], None, day("2026-05-31")), day("2026-05-31"))
    assert (found.balance_pence, found.overdue_pence) == (50_00, 50_00)


def test_reversal_seen_as_of_a_day_before_its_payment_is_still_in_the_balance() -> None:
    found = position([reversal_line(95_50), payment_line(10_00, "P2")], (), day("2026-05-01"))
    assert found.balance_pence == found.ageing.total_pence == 85_50


pence = st.integers(1, 300)
books = st.dates(day("2026-01-01"), day("2026-11-30")).map(lambda found: found.isoformat())
some_line = st.one_of(
    st.builds(
        charge_line, st.integers(-300, 300).filter(bool), st.sampled_from(["C1", "C2", "C3"]), book=books,
    ),
    st.builds(
        lambda pence, charge, value, book: credit_line(-pence, charge, value, book, f"K-{charge}-{value}"),
        pence, st.sampled_from(["C1", "C2"]), books, books,
    ),
    st.builds(payment_line, pence, st.sampled_from(["P1", "P2"]), st.just("2026-04-15"), books),
    st.builds(
        lambda pence, payment, value, book: reversal_line(pence, payment, value, book, f"R-{payment}-{value}"),
        pence, st.sampled_from(["P1", "P2"]), books, books,
    ),
)  # fmt: skip
statement_sets = st.sets(st.sampled_from([Q1, Q2])).map(tuple)


@given(st.lists(some_line, max_size=15), statement_sets, st.dates(day("2026-01-01"), day("2027-12-31")), books)
def test_ageing_columns_sum_to_the_balance(
    rows: list[Line], statements: tuple[StatementHead, ...], on: object, as_of: str
) -> None:
    kept, issued = as_known(rows, statements, day(as_of), None)
    found = position(kept, issued, day(str(on)))
    assert found.ageing.total_pence == found.balance_pence == sum(line.amount_pence for line in kept)
    assert found.due_pence == sum(one.open_pence for one in found.items)
    past_due = found.ageing.total_pence - found.ageing.current - found.ageing.credit - found.ageing.not_yet_billed
    assert found.overdue_pence == past_due


@given(st.lists(some_line, max_size=15), st.randoms(use_true_random=False), statement_sets)
def test_order_of_entries_changes_nothing(
    rows: list[Line], random: "st.DataObject", statements: tuple[StatementHead, ...]
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    on = day("2026-12-01")
    assert position(shuffled, statements, on) == position(rows, statements, on)
