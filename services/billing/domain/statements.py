"""Statements: the calendar of quarters, which lines a statement carries, and its figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.billing.domain import refs
from services.billing.domain.facts import FactKind
from services.billing.domain.items import Places, StatementHead
from services.billing.domain.lines import Cut, Line, netted
from services.billing.domain.statement_policy import StatementPolicy
from shared.calendar import quarter_of, quarter_start
from shared.dated import in_force


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
    struck: Cut | None = None

    @property
    def head(self) -> StatementHead:
        """The statement without its lines, as items see it."""
        return StatementHead(self.statement_no, self.issued_on, self.due_on, self.struck)


def is_issue_day(day: date) -> bool:
    """Say whether statements are issued in this day's work: the first day of a quarter."""
    return day == quarter_start(day)


def quarter_billed(issued_on: date) -> str:
    """Return the quarter that statements of a day bill: the one that ended before it."""
    return quarter_of(quarter_start(issued_on) - timedelta(days=1))


def draft(
    lines: Iterable[Line],
    account_ref: str,
    previous: StatementHead | None,
    issued_on: date,
    due_on: date,
    struck: Cut | None = None,
) -> Draft | None:
    """Return an account's statement of ``issued_on``, or None: no new line and nothing owed either way.

    ``lines`` are all lines (or ledger entries) of the account; ``previous`` is its last statement.  It carries every
    line of an earlier value date that no earlier statement carries (one that was reviewed: as it was ``struck``);
    brought forward is what the earlier ones carried.  Source: contract.md 6, statements.
    """
    cut, earlier = struck or Cut(issued_on, issued_on), previous.cut if previous is not None else _NOTHING
    carried, brought_forward = [], 0
    for line in netted(lines):
        if earlier.carries(line):
            brought_forward += line.amount_pence
        elif cut.carries(line):
            carried.append(line)
    if not carried and not brought_forward:
        return None
    total, quarter = sum(line.amount_pence for line in carried), quarter_billed(issued_on)
    return Draft(
        refs.statement_no(account_ref, quarter), quarter, issued_on, due_on, brought_forward, total,
        brought_forward + total, tuple(sorted(carried, key=reading_order)), struck,
    )  # fmt: skip


def origins(lines: Iterable[Line], heads: Iterable[StatementHead]) -> dict[Line, str]:
    """Return by netted credit line the statement that first billed its charge to the account.

    ``lines`` are all of one account, ``heads`` all its statements.  Only an earlier statement than the credit's own
    counts: a charge on the same one needs no naming, and one that is billed later was billed on none when it was
    credited.  Source: domain.md 5, credit note.
    """
    known = list(lines)
    if not any(line.kind is FactKind.CREDIT for line in known):
        return {}
    rows, places, first = netted(known), Places(heads), dict[str, int]()
    for line in rows:
        if line.kind is FactKind.CHARGE:
            first[line.fact_id] = min(first.get(line.fact_id, len(places.statements)), places.of(line)[0])
    return {
        line: places.statements[first[line.charge_id or ""]].statement_no
        for line in rows
        if line.kind is FactKind.CREDIT and first.get(line.charge_id or "", len(places.statements)) < places.of(line)[0]
    }


def due_day(policies: Iterable[StatementPolicy], issued_on: date) -> date:
    """Return when a document is due that is issued on a day, by the version in force then (contract.md 6)."""
    return issued_on + timedelta(days=in_force(policies, issued_on).due_days)


def head_of(account_ref: str, quarter: str, issued_on: date, due_on: date, struck: Cut) -> StatementHead:
    """Return the head of a reviewed statement as it is issued on a day."""
    return StatementHead(refs.statement_no(account_ref, quarter), issued_on, due_on, struck)


_NOTHING = Cut(date.min, date.min)
"""Where the statement before the first would have been cut."""


def struck_for(issued_on: date, known_at: date | None) -> Cut | None:
    """Return where a statement was cut that was reviewed: before the first day of its quarter, at the end of a book."""
    return None if known_at is None else Cut(quarter_start(issued_on), known_at)


def reading_order(line: Line) -> tuple[date, str, str, date]:
    """Return by what the lines of a document are sorted: value date, then kind; the rest decides between equals."""
    return (line.value_on, line.kind, line.fact_id, line.book)
