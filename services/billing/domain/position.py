"""Where an account stands: balance, what is due and overdue, ageing, credit; derived, never stored as truth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain import allocation, disputes, items
from services.billing.domain.allocation import Allocated, Rules
from services.billing.domain.items import Item, StatementHead
from services.billing.domain.lines import Line, known, summed


@dataclass(frozen=True, slots=True)
class Open:
    """An item that is not settled, what is open of it (more than nothing), and what of that is disputed.

    ``dispute_ended_on`` is the day on which the last dispute of its charge ended, if one has.
    """

    item: Item
    open_pence: int
    disputed_pence: int = 0
    dispute_ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ageing:
    """Open pence by days past the due date; credit is negative; the columns sum to the balance (domain.md 3.9)."""

    current: int = 0
    d1_30: int = 0
    d31_60: int = 0
    d61_90: int = 0
    d91_120: int = 0
    over_120: int = 0
    credit: int = 0
    not_yet_billed: int = 0

    @property
    def total_pence(self) -> int:
        """All columns together: the balance."""
        past_due = self.d1_30 + self.d31_60 + self.d61_90 + self.d91_120 + self.over_120
        return self.current + past_due + self.credit + self.not_yet_billed


@dataclass(frozen=True, slots=True)
class Position:
    """An account on a day: ``due_pence`` is open with a due date, ``overdue_pence`` of it was due before the day."""

    balance_pence: int
    due_pence: int
    overdue_pence: int
    credit_pence: int
    not_yet_billed_pence: int
    items: tuple[Open, ...]
    allocated: tuple[Allocated, ...]
    ageing: Ageing

    @property
    def disputed_pence(self) -> int:
        """What of the open items is disputed; it is due and ages like the rest."""
        return sum(one.disputed_pence for one in self.items)


def position(lines: Iterable[Line], statements: Sequence[StatementHead], day: date, rules: Rules) -> Position:
    """Return where an account stands on ``day``, from all its lines (or ledger entries) and statements.

    Overdue and ageing are counted to ``day``; which lines count is the caller's choice (``as_known``).  The sum of what
    is open, not yet billed and (negative) credit is the balance, which is the sum of the lines.
    """
    rows = summed(lines)
    folded = items.fold(rows, statements)
    receipts, overdrawn = allocation.receipts_of(rows)
    credited = disputes.credited_of(rows, rules.disputes)
    settled = allocation.allocate(folded.items, receipts, rules, folded.surplus_pence, credited)
    opened = tuple(
        Open(item, pence, disputed, disputes.last_ended(rules.disputes, item.charge_id))
        for item, pence, disputed in zip(folded.items, settled.open_pence, settled.disputed_pence, strict=True)
        if pence
    )
    credit = settled.credit_pence - overdrawn
    pending = folded.pending_pence + max(-credit, 0)
    credit = max(credit, 0)
    ageing = _ageing(opened, credit, pending, day)
    due = sum(one.open_pence for one in opened)
    overdue = sum(one.open_pence for one in opened if one.item.due_on < day)
    balance = sum(line.amount_pence for line in rows)
    assert ageing.total_pence == balance
    return Position(balance, due, overdue, credit, pending, opened, settled.parts, ageing)


def as_known(
    lines: Iterable[Line], statements: Iterable[StatementHead], as_of: date | None, known_at: date | None
) -> tuple[tuple[Line, ...], tuple[StatementHead, ...]]:
    """Return the lines and statements that count by ``as_of`` and were known at the book ``known_at`` (None: all)."""
    issued = tuple(
        statement
        for statement in statements
        if (as_of is None or statement.issued_on <= as_of) and (known_at is None or statement.issued_on <= known_at)
    )
    return known(lines, as_of, known_at), issued


def _ageing(opened: Iterable[Open], credit: int, pending: int, day: date) -> Ageing:
    columns = [0] * 6
    for one in opened:
        days = (day - one.item.due_on).days
        # Days 1 to 30 are the first column after the current one, and so on; the last takes all over 120.
        columns[0 if days <= 0 else min((days + 29) // 30, 5)] += one.open_pence
    current, d1_30, d31_60, d61_90, d91_120, over_120 = columns
    return Ageing(current, d1_30, d31_60, d61_90, d91_120, over_120, -credit, pending)
