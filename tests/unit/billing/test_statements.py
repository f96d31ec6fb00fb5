"""Which lines a statement carries, and its figures."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import statements
from services.billing.domain.items import Places
from services.billing.domain.lines import Line
from services.billing.domain.refs import account_ref
from tests.unit.billing.builders import a_statement, charge_line, credit_line, day, drafted, payment_line

REF = account_ref("U1", "O1")
APRIL, JULY, OCTOBER = day("2026-04-01"), day("2026-07-01"), day("2026-10-01")
APRILS = a_statement("2026-04-01", "2026-04-29")


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-01-01", "2025Q4"),
        ("2026-04-01", "2026Q1"),
        ("2026-07-01", "2026Q2"),
        ("2026-10-01", "2026Q3"),
        ("2026-04-02", None),
        ("2026-03-31", None),
        ("2026-02-01", None),
        ("2026-03-01", None),
    ],
)
def test_statements_are_issued_on_the_first_day_of_a_quarter_for_the_one_before(on: str, expected: str | None) -> None:
    issued = statements.is_issue_day(day(on))
    assert (statements.quarter_billed(day(on)) if issued else None) == expected


@pytest.mark.parametrize("year", [2027, 2028])
def test_case_53_the_end_of_february_is_no_quarter_day_in_a_leap_year_either(year: int) -> None:
    """Our quarters begin on the first of a month (contract.md 6, statements), not on the quarter days of 1990."""
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
    issued = [on for on in days if on.year == year and statements.is_issue_day(on)]
    assert issued == [date(year, month, 1) for month in (1, 4, 7, 10)]
    assert statements.quarter_billed(date(year, 4, 1)) == f"{year}Q1"


def test_statement_is_dated_its_day_and_due_28_days_later() -> None:
    issued = drafted([charge_line(50_00)], REF, None, APRIL)
    assert issued is not None
    assert (issued.statement_no, issued.quarter) == (f"{REF}-2026Q1", "2026Q1")
    assert (issued.issued_on, issued.due_on) == (APRIL, day("2026-04-29"))


def test_statement_carries_all_lines_of_an_earlier_value_date() -> None:
    rows = [charge_line(1, "C1", on="2026-03-31"), charge_line(2, "C2", on="2026-04-01", book="2026-04-01")]
    issued = drafted(rows, REF, None, APRIL)
    assert issued is not None
    assert [line.fact_id for line in issued.lines] == ["C1"]


def test_line_is_on_one_statement_only() -> None:
    rows = [charge_line(50_00), payment_line(20_00), charge_line(5_00, "C2", on="2026-01-20", book="2026-04-02")]
    issued = drafted(rows, REF, APRILS, JULY)
    assert issued is not None
    assert [line.fact_id for line in issued.lines] == ["C2", "P1"]
    assert (issued.brought_forward_pence, issued.total_pence, issued.balance_pence) == (50_00, -15_00, 35_00)


@pytest.mark.parametrize(("on", "book"), [("2026-03-31", "2026-03-31"), ("2026-03-20", "2026-04-01")])
def test_line_learnt_just_in_time_is_brought_forward_by_the_next(on: str, book: str) -> None:
    issued = drafted([charge_line(50_00, on=on, book=book)], REF, APRILS, JULY)
    assert issued is not None
    assert (issued.lines, issued.brought_forward_pence) == ((), 50_00)


def test_line_of_the_last_statements_own_day_is_new() -> None:
    rows = [charge_line(50_00), charge_line(7_00, "C2", on="2026-04-01")]
    issued = drafted(rows, REF, APRILS, JULY)
    assert issued is not None
    assert (issued.brought_forward_pence, issued.total_pence) == (50_00, 7_00)


def test_account_with_a_balance_and_no_new_line_gets_a_statement() -> None:
    issued = drafted([charge_line(50_00)], REF, APRILS, JULY)
    assert issued is not None
    assert (issued.lines, issued.balance_pence) == ((), 50_00)


def test_account_in_credit_and_no_new_line_gets_a_statement() -> None:
    issued = drafted([payment_line(50_00, on="2026-03-01")], REF, APRILS, JULY)
    assert issued is not None
    assert issued.balance_pence == -50_00


def test_account_with_a_new_line_and_no_balance_gets_a_statement() -> None:
    issued = drafted([charge_line(50_00), payment_line(50_00, on="2026-03-01")], REF, None, APRIL)
    assert issued is not None
    assert (len(issued.lines), issued.balance_pence) == (2, 0)


def test_account_with_neither_gets_none() -> None:
    settled = [charge_line(50_00), payment_line(50_00, on="2026-03-01")]
    assert drafted(settled, REF, APRILS, JULY) is None
    assert drafted([], REF, None, APRIL) is None


def test_net_of_nothing_is_not_on_a_statement() -> None:
    assert drafted([charge_line(50_00), charge_line(-50_00)], REF, None, APRIL) is None


def test_line_not_yet_of_value_is_no_reason_for_a_statement() -> None:
    assert drafted([charge_line(50_00, on="2026-05-01", book="2026-03-01")], REF, None, APRIL) is None


def test_lines_are_read_in_order_of_value_date() -> None:
    rows = [credit_line(-1, on="2026-02-10"), charge_line(1, "C2", on="2026-01-05", book="2026-03-30"), charge_line(1)]
    issued = drafted(rows, REF, None, APRIL)
    assert issued is not None
    assert [line.fact_id for line in issued.lines] == ["C2", "C1", "K1"]


some_lines = st.lists(
    st.builds(
        lambda pence, number, value, book: charge_line(
            pence, f"C{number}-{value}", value.isoformat(), book.isoformat()
        ),
        st.integers(-9, 9).filter(bool), st.integers(1, 4),
        st.dates(day("2025-12-01"), day("2026-10-15")), st.dates(day("2025-12-01"), day("2026-10-15")),
    ),
    max_size=12,
)  # fmt: skip


@given(some_lines)
def test_each_statement_goes_on_from_the_one_before(rows: list[Line]) -> None:
    previous, balance, carried = None, 0, 0
    for issue_day in (APRIL, JULY, OCTOBER):
        issued = drafted(rows, REF, previous, issue_day)
        if issued is None:
            assert balance == 0
            continue
        assert issued.brought_forward_pence == balance
        assert all(Places([issued.head]).carrying(line) == issued.head for line in issued.lines)
        previous, balance = issued.head, issued.balance_pence
        carried += issued.total_pence
    assert balance == carried
    # What the last statement did not carry was not learnt or not of value by then.
    late = [line for line in rows if max(line.book, line.value_on) >= OCTOBER and line.book != OCTOBER]
    if not any(line.book == OCTOBER for line in rows):
        assert balance == sum(line.amount_pence for line in rows) - sum(line.amount_pence for line in late)
