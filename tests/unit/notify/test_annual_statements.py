"""The annual statement on paper: word for word what the PDF says, the same figures on all three pages, and no bill."""

from pathlib import Path

from services.notify.domain.annual_statements import heads, table
from shared.events.billing import AnnualFund, AnnualStatementIssued
from shared.money import as_pounds
from tests.support.letters import an_annual_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, stationery, texts, written

GOLDEN = Path(__file__).parent / "golden" / "annual-statement.txt"


def pdf_words(statement: AnnualStatementIssued) -> str:
    return words_of(pdf_press().press(written(a_case(statement)), statement.issued_on))


def a_fund(left_pence: int) -> AnnualFund:
    return AnnualFund(fund_id="B1", left_pence=left_pence)


def test_the_pdf_says_word_for_word_what_it_should() -> None:
    """A change of the design or of the wording shows here; what is printed goes to every owner."""
    statement = an_annual_statement(float_held_pence=150_00, reserve_fund=a_fund(987_65))
    assert pdf_words(statement) == " ".join(GOLDEN.read_text().split())


def test_all_three_pages_show_each_kind_of_cost_and_each_line_with_its_work() -> None:
    for page in texts(a_case(an_annual_statement())):
        words = " ".join(page.split())
        for part in (
            "Your annual statement for 2025", "Your share of the costs of 2025", "£312.00", "£270.00", "-£30.00",
            "Roof: replace slipped slates (done on 20 Jan 2025)", "Management fee (1 Jan 2025 to 31 Mar 2025)",
            "your share 3/10", "whole cost £1,000.00", "VAT included £45.00", "-£100.00", "£217.00",
            "F000000000A1-2025Q1, F000000000A1-2025Q2",
        ):  # fmt: skip
            assert part in words, part


def test_it_asks_for_no_money() -> None:
    for page in (*texts(a_case(an_annual_statement())), pdf_words(an_annual_statement())):
        assert "No bill: your last statement of the year had a balance to pay of £217.00." in " ".join(page.split())
        assert "Sort code" not in page
        assert "Please pay" not in page


def test_a_float_is_named_only_where_one_is_held() -> None:
    with_float, without = (pdf_words(an_annual_statement(float_held_pence=pence)) for pence in (150_00, None))
    assert "We hold £150.00 of yours as a float." in with_float
    assert "float" not in without


def test_all_three_pages_say_what_the_reserve_fund_held_at_the_end_of_the_year_and_nothing_without_one() -> None:
    for pence, written_as in ((1_987_65, "£1,987.65"), (0, "£0.00"), (-5_00, "-£5.00")):
        statement = an_annual_statement(reserve_fund=a_fund(pence))
        for page in (*texts(a_case(statement)), pdf_words(statement)):
            words = " ".join(page.split())
            assert f"The reserve fund that your home pays into held {written_as} on 31 December 2025" in words
    for page in (*texts(a_case(an_annual_statement())), pdf_words(an_annual_statement())):
        assert "reserve fund" not in page


def test_a_year_of_payments_alone_has_no_table_of_costs() -> None:
    [payment] = [line for line in an_annual_statement().lines if line.payment_id]
    paid = an_annual_statement(heads=(), lines=(payment,), total_pence=-100_00, balance_pence=-95_00)
    words = pdf_words(paid)
    assert "by kind of cost" not in words
    assert "in your favour of £95.00" in words


def test_the_tables_add_up_to_the_balance() -> None:
    statement = an_annual_statement()
    words = stationery().wordings["annual-statement"]
    made = table(statement, words, {})
    groups = sum(_pence(group.total) for group in made.groups)
    assert _pence(made.brought_forward) + groups == _pence(made.balance) == statement.balance_pence
    year = heads(statement, words)
    assert sum(_pence(row.amount) for row in year.rows) == _pence(year.total.amount) == 312_00
    assert as_pounds(312_00) == year.total.amount


def _pence(written: str) -> int:
    return int(written.replace("£", "").replace(",", "").replace(".", ""))
