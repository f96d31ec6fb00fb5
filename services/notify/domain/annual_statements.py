"""What an annual statement says: a year by kind of cost, every line with its work and share, payments, the balance.

It shows what the year's statements said and asks for nothing.  Source: Code of Conduct 3.4.
"""

from collections.abc import Iterable
from datetime import date

from services.notify.domain import spoken, statements
from services.notify.domain.letter import Fact, Headline, HeadRow, HeadsTable, StatementTable, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.billing import AnnualHead, AnnualLine, AnnualStatementIssued
from shared.money import as_pounds


def facts_of(statement: AnnualStatementIssued) -> dict[str, str]:
    """Return the facts that an annual statement's wording may name."""
    fund = statement.reserve_fund
    return {
        "year": str(statement.year),
        "statements": ", ".join(statement.statement_nos),
        "balance": as_pounds(abs(statement.balance_pence)),
        "float_held": as_pounds(statement.float_held_pence or 0),
        "fund_left": as_pounds(fund.left_pence if fund is not None else 0),
    }


def describe(statement: AnnualStatementIssued, wording: Wording, facts: Facts) -> Subject:
    """Return what the annual statement adds to a letter."""
    case = statements.balance_case(statement.balance_pence)
    billed = sum(head.charged_pence + head.credited_pence for head in statement.heads)
    parts = (
        ("heads", statement.heads), ("float", statement.float_held_pence), ("fund", statement.reserve_fund is not None),
    )  # fmt: skip
    return Subject(
        title_facts=(Fact("Year", str(statement.year)),),
        headline=Headline(
            fill(wording.headline["label"], facts), as_pounds(billed), fill(wording.headline[f"{case}_note"], facts)
        ),
        tables={"heads": lambda: heads(statement, wording), "statement": lambda: table(statement, wording, facts)},
        holds=frozenset(name for name, is_so in parts if is_so),
    )


def heads(statement: AnnualStatementIssued, wording: Wording) -> HeadsTable:
    """Return the year by kind of cost; the rows add up to what the year's statements billed."""
    return HeadsTable(
        rows=tuple(_head(statements.kind_in_words(one.kind), [one]) for one in statement.heads),
        total=_head(wording.group_total, statement.heads),
    )


def _head(text: str, rows: Iterable[AnnualHead]) -> HeadRow:
    own = list(rows)
    charged, credited = sum(one.charged_pence for one in own), sum(one.credited_pence for one in own)
    tax = sum(one.tax_pence for one in own)
    return HeadRow(
        text=text,
        charged=as_pounds(charged),
        credited=as_pounds(credited) if credited else "",
        tax=as_pounds(tax) if tax else "",
        amount=as_pounds(charged + credited),
    )


def table(statement: AnnualStatementIssued, wording: Wording, facts: Facts) -> StatementTable:
    """Return the year's lines in groups; groups and brought forward add up to the balance."""
    return StatementTable(
        from_on=spoken.short_day(date(statement.year, 1, 1)),
        brought_forward=as_pounds(statement.brought_forward_pence),
        groups=statements.groups_of(statement.lines, wording, title_of),
        balance_label=fill(wording.balance[statements.balance_case(statement.balance_pence)], facts),
        balance=as_pounds(statement.balance_pence),
    )


def title_of(line: AnnualLine) -> str:
    """Return what a line is for, and when the work was done or which days it covers."""
    title = statements.title_of(line)
    if line.period_from is not None and line.period_to is not None:
        return f"{title} ({spoken.short_day(line.period_from)} to {spoken.short_day(line.period_to)})"
    return title if line.completed_on is None else f"{title} (done on {spoken.short_day(line.completed_on)})"
