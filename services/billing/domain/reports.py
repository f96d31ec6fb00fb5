"""Figures that are told to people: ageing summed up, how much was collected, what was earned and what passed on."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from math import gcd

from services.billing.domain import allocation, items
from services.billing.domain.allocation import Rules
from services.billing.domain.disputes import credited_of
from services.billing.domain.facts import FactKind
from services.billing.domain.items import Item, StatementHead
from services.billing.domain.lines import Line, summed
from services.billing.domain.position import Ageing
from shared.money import divide_half_up


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole, both in pence, exactly; ``whole_pence`` may be nothing, and then there is no rate."""

    part_pence: int
    whole_pence: int

    @property
    def fraction(self) -> str | None:
        """The rate in lowest terms, like ``19/20``."""
        if self.whole_pence <= 0:
            return None
        common = gcd(self.part_pence, self.whole_pence)
        return f"{self.part_pence // common}/{self.whole_pence // common}"

    @property
    def percent(self) -> str | None:
        """The rate in percent with two decimals, rounded half up once, here."""
        if self.whole_pence <= 0:
            return None
        hundredths = divide_half_up(self.part_pence * 10_000, self.whole_pence)
        sign, (whole, rest) = "-" if hundredths < 0 else "", divmod(abs(hundredths), 100)
        return f"{sign}{whole}.{rest:02d}"


def together(ageings: Iterable[Ageing]) -> Ageing:
    """Return the columns of several accounts summed up; credit is not set against anybody else's debt."""
    columns = [astuple(ageing) for ageing in ageings]
    return Ageing(*(sum(column) for column in zip(*columns, strict=True))) if columns else Ageing()


def collected(
    lines: Iterable[Line], statements: Sequence[StatementHead], first: date, last: date, rules: Rules
) -> Rate:
    """Return what payments settled of an account's items that fell due from ``first`` to ``last``.

    Credits lower what was due; a debt that was written off is due all the same, but money settles what it does on the
    account: nothing that was given up.  Source: domain.md 6, collection rate.
    """
    rows = summed(lines)
    folded = items.fold(rows, statements)
    receipts, _ = allocation.receipts_of(rows)
    credited = credited_of(rows, rules.disputes)
    settled = allocation.allocate(folded.items, receipts, rules, folded.surplus_pence, credited)
    within = {_name(item) for item in folded.items if first <= item.due_on <= last}
    paid = sum(
        part.pence
        for part in settled.parts
        if part.payment_id is not None and (part.charge_id, part.statement_no) in within
    )
    unpaid = sum(pence for item, pence in zip(folded.items, settled.open_pence, strict=True) if _name(item) in within)
    due = items.fold((line for line in rows if line.kind is not FactKind.WRITE_OFF), statements).items
    return Rate(paid, paid + unpaid + _pence(due, first, last) - _pence(folded.items, first, last))


def _pence(billed: Iterable[Item], first: date, last: date) -> int:
    return sum(item.amount_pence for item in billed if first <= item.due_on <= last)


def _name(item: Item) -> tuple[str, str | None]:
    return (item.charge_id, item.statement_no)


def year_to(last: date) -> tuple[date, date]:
    """Return the twelve months that end with the last day of a month: their first and last day."""
    month = last.month % 12 + 1
    return date(last.year if month == 1 else last.year - 1, month, 1), last
