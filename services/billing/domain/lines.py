"""The lines of an account: what one fact did to it within a book."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from services.billing.domain.facts import FEES, FactKind, is_refund
from shared.events.billing import LineKind
from shared.events.housing import ChargeKind

_DAY = timedelta(days=1)
_LAST_BUT_ONE = date.max - _DAY  # the last day of the calendar has no day after it
_ORDER = {FactKind.CHARGE: 0, FactKind.CREDIT: 1, FactKind.PAYMENT: 2, FactKind.REVERSAL: 3, FactKind.WRITE_OFF: 4}


class Line(NamedTuple):
    """Receivable pence of one account from one fact in one book, owed positive.

    Credits and write-offs carry their ``charge_id``, reversals their ``payment_id``.  ``charge_kind`` and ``due_on``
    are the charge's (``due_on``: an opening balance billed before our time), ``for_statement`` the payment's.
    A tuple, because a statement run reads millions of them.
    """

    kind: FactKind
    fact_id: str
    amount_pence: int
    value_on: date
    book: date
    charge_id: str | None = None
    payment_id: str | None = None
    tax_pence: int = 0
    charge_kind: ChargeKind | None = None
    due_on: date | None = None
    for_statement: str | None = None


def netted(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return one line for each fact and book, a net of nothing left out, ordered by book, value date and fact.

    A write-off has one for each day: what was given up, and what each payment wrote back.

    Source: contract.md 6, statements.
    """
    return tuple(sorted(summed(lines), key=order_of))


def summed(lines: Iterable[Line]) -> list[Line]:
    """Return the lines of ``netted`` in no order, for folding many accounts at a time."""
    found: dict[tuple[date, FactKind, str, date], Line] = {}
    for line in lines:
        key = (line.book, line.kind, line.fact_id, line.value_on)
        known = found.get(key)
        if known is None:
            found[key] = line
        else:
            pence, tax = known.amount_pence + line.amount_pence, known.tax_pence + line.tax_pence
            found[key] = known._replace(amount_pence=pence, tax_pence=tax)
    return [line for line in found.values() if line.amount_pence]


def order_of(line: Line) -> tuple[date, date, int, str]:
    """Return where a line stands among the lines of its account: by book, value date, kind and fact."""
    return (line.book, line.value_on, _ORDER[line.kind], line.fact_id)


class Cut(NamedTuple):
    """Where a statement is cut: it may carry what is of a value date before ``before`` and learnt by ``known_at``."""

    before: date
    known_at: date

    def carries(self, line: Line) -> bool:
        """Say whether a statement cut here may carry a line."""
        return line.book <= self.known_at and valued_from(line) <= self.before


def valued_from(line: Line) -> date:
    """Return the first day before which a line is of value: the one after its value date."""
    return min(line.value_on, _LAST_BUT_ONE) + _DAY


def carried_from(line: Line) -> date:
    """Return the first day whose statement would carry a line: learnt by then, and of an earlier value date.

    So a line is on the account's first statement cut on or after this day.  Source: contract.md 6, statements.
    """
    return max(line.book, valued_from(line))


def known(lines: Iterable[Line], as_of: date | None, known_at: date | None) -> tuple[Line, ...]:
    """Return the lines that count by ``as_of`` (value date) and were known by ``known_at`` (book); None: all."""
    return tuple(
        line
        for line in lines
        if (as_of is None or line.value_on <= as_of) and (known_at is None or line.book <= known_at)
    )


def kind_of(line: Line) -> LineKind:
    """Return how a line is shown: late fees and administration fees are fees, what went back to the payer a refund."""
    if line.kind == FactKind.CHARGE and line.charge_kind in FEES:
        return LineKind.FEE
    if line.kind == FactKind.REVERSAL and is_refund(line.fact_id):
        return LineKind.REFUND
    return LineKind(line.kind)
