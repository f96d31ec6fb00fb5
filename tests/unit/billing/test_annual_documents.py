"""An annual statement's figures, whatever is on the account: sums of what the year's statements carry."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.billing.db.statements import CreditNote, Notes, Payer, StatementRow
from services.billing.domain import annual_statements, statements
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line, netted
from services.billing.usecases.annual_documents import Held, Words, Year, document
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import charge_line, credit_line, drafted, payment_line

PAYER = Payer("A1", "F0", "U1", "O1")
WORDS = Words(Notes({}, {"K1": CreditNote(1, "agreed")}, {}), {})
YEARS = (2025, 2026)

days = st.dates(date(2024, 12, 1), date(2027, 2, 1))
some_lines = st.lists(
    st.one_of(
        st.builds(
            lambda pence, kind, on, number: charge_line(
                pence, f"C{number}", charge_kind=kind, tax_pence=pence // 6
            )._replace(value_on=on, book=on),
            st.integers(1, 999), st.sampled_from(list(ChargeKind)), days, st.integers(1, 5),
        ),
        st.builds(lambda pence, on: credit_line(-pence)._replace(value_on=on, book=on), st.integers(1, 999), days),
        st.builds(lambda pence, on: payment_line(pence)._replace(value_on=on, book=on), st.integers(1, 999), days),
    ),
    max_size=12,
)  # fmt: skip


def issued(lines: list[Line]) -> list[StatementRow]:
    """The statements of twelve quarters' first days, as the rule for statements drafts them."""
    rows: list[StatementRow] = []
    for day in (date(year, month, 1) for year in (2025, 2026, 2027) for month in (1, 4, 7, 10)):
        previous = rows[-1].head if rows else None
        known = [line for line in lines if line.book <= day]
        draft = drafted(known, "F0", previous, day)
        if draft is not None:
            rows.append(
                StatementRow(
                    "A1", draft.statement_no, draft.quarter, day, draft.due_on, draft.brought_forward_pence,
                    draft.total_pence, draft.balance_pence, None,
                )
            )  # fmt: skip
    return rows


def told(lines: list[Line], rows: list[StatementRow], year: int) -> Year:
    own = [row for row in rows if row.quarter in annual_statements.quarters(year)]
    heads = [row.head for row in rows]
    pairs = annual_statements.carried(lines, heads, {row.statement_no for row in own})
    return Year(PAYER, own, [line for line, _ in pairs], statements.origins(lines, heads))


@given(some_lines)
def test_each_year_says_what_its_statements_said_and_leads_to_the_next(lines: list[Line]) -> None:
    rows = issued(lines)
    balance = None
    for year in YEARS:
        own = told(lines, rows, year)
        if not own.statements:
            continue
        said = document(own, WORDS, year, date(2027, 6, 1), Held())
        assert said.total_pence == sum(row.total_pence for row in own.statements)
        assert said.balance_pence == own.statements[-1].balance_pence == said.brought_forward_pence + said.total_pence
        assert said.brought_forward_pence == own.statements[0].brought_forward_pence
        assert balance in (None, said.brought_forward_pence)
        balance = said.balance_pence


@given(some_lines)
def test_lines_and_heads_make_the_total_and_no_line_is_told_in_two_years(lines: list[Line]) -> None:
    rows = issued(lines)
    years = [told(lines, rows, year) for year in YEARS]
    assert sum(len(own.lines) for own in years) <= len(netted(lines))
    for year, own in zip(YEARS, years, strict=True):
        if not own.statements:
            continue
        said = document(own, WORDS, year, date(2027, 6, 1), Held())
        others = annual_statements.summary(own.lines).others.values()
        billed = sum(head.charged_pence + head.credited_pence for head in said.heads)
        assert sum(line.amount_pence for line in said.lines) == said.total_pence == billed + sum(others)
        assert sum(head.tax_pence for head in said.heads) == sum(line.tax_pence for line in said.lines)


def test_a_year_is_billed_when_its_last_statements_are_out() -> None:
    assert not annual_statements.is_billed(2026, date(2026, 12, 31), waits=False)
    assert annual_statements.is_billed(2026, date(2027, 1, 1), waits=False)
    assert not annual_statements.is_billed(2026, date(2027, 3, 31), waits=True)
    assert annual_statements.is_billed(2026, date(2027, 4, 1), waits=True)


def test_a_line_no_statement_carries_is_told_in_no_year() -> None:
    head = StatementHead("F0-2025Q1", date(2025, 4, 1), date(2025, 4, 29))
    line = charge_line(5_00)._replace(value_on=date(2025, 4, 1), book=date(2025, 4, 1))
    assert annual_statements.carried([line], [head], {head.statement_no}) == []
