"""Statements: the calendar of quarters, which lines a statement carries, and its figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.billing.domain import refs
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line, carried_from, netted

TERM = timedelta(days=28)
"""A statement is due this long after it was issued (contract.md 6, statements)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement to issue; ``total_pence`` sums its lines, ``balance_pence`` is brought forward plus total."""

    statement_no: str
    quarter: str
    issued_on: date
    due_on: date
    brought_forward_pence: int
    total_pence: int
    balance_pence: int
    lines: tuple[Line, ...]

    @property
    def head(self) -> StatementHead:
        """The statement without its lines, as items see it."""
        return StatementHead(self.statement_no, self.issued_on, self.due_on)


def is_issue_day(day: date) -> bool:
    """Say whether statements are issued in this day's work: the first day of a quarter."""
    return day.day == 1 and day.month % 3 == 1


def quarter_of(day: date) -> str:
    """Return the quarter a day is in: ``2026Q1`` is January to March."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_billed(issued_on: date) -> str:
    """Return the quarter that statements of a day bill: the one that ended before it."""
    return quarter_of(date(issued_on.year, issued_on.month - (issued_on.month - 1) % 3, 1) - timedelta(days=1))


def draft(lines: Iterable[Line], account_ref: str, previous_issued_on: date | None, issued_on: date) -> Draft | None:
    """Return an account's statement of ``issued_on``, or None: no new line and nothing owed either way.

    ``lines`` are all lines (or ledger entries) of the account; ``previous_issued_on`` is the day of its last statement.
    It carries every line of an earlier value date that no earlier statement carries; brought forward is what the
    earlier ones carried.  Source: contract.md 6, statements.
    """
    rows = [(carried_from(line), line) for line in netted(lines)]
    before = previous_issued_on or date.min
    carried = tuple(sorted((line for day, line in rows if before < day <= issued_on), key=_reading_order))
    brought_forward = sum(line.amount_pence for day, line in rows if day <= before)
    total = sum(line.amount_pence for line in carried)
    if not carried and not brought_forward:
        return None
    quarter = quarter_billed(issued_on)
    return Draft(
        refs.statement_no(account_ref, quarter), quarter, issued_on, issued_on + TERM, brought_forward, total,
        brought_forward + total, carried,
    )  # fmt: skip


def carrying(line: Line, statements: Iterable[StatementHead]) -> StatementHead | None:
    """Return the statement that carries a line: the first issued once it was known and of an earlier value date."""
    day = carried_from(line)
    later = [statement for statement in statements if statement.issued_on >= day]
    return min(later, key=lambda statement: statement.issued_on, default=None)


def _reading_order(line: Line) -> tuple[date, str, str, date]:
    return (line.value_on, line.kind, line.fact_id, line.book)
