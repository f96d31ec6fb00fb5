"""Another system's charges, credits, payments, reversals against billing's: what is missing or differs, and totals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """A charge, credit, payment or reversal as a system tells it: gross pence, and the day it counts from.

    Of a credit the pence may be left open: it takes what is left of its charge.
    """

    kind: str
    fact_id: str
    amount_pence: int | None
    on: date


class Finding(StrEnum):
    """How a fact compares; exactly one holds for each line of the file and each fact that it lacks."""

    AGREED = "agreed"
    MISSING_HERE = "missing-here"
    MISSING_THERE = "missing-there"
    AMOUNT_DIFFERS = "amount-differs"
    DATE_DIFFERS = "date-differs"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact of one or both sides; a duplicate is a later line of the file about the same fact."""

    finding: Finding
    there: Fact | None
    here: Fact | None

    def as_json(self) -> dict[str, Any]:
        """Return the finding with what each side says."""
        fact = self.there or self.here
        assert fact is not None
        sides = (("there", self.there), ("here", self.here))
        said = {name: {"amount_pence": side.amount_pence, "on": side.on.isoformat()} for name, side in sides if side}
        return {"finding": self.finding.value, "kind": fact.kind, "id": fact.fact_id, **said}


def compare(
    there: Iterable[Fact], here: Mapping[tuple[str, str], Fact], first: date | None = None, last: date | None = None
) -> list[Compared]:
    """Return how every fact of the file compares, and the facts of billing that it should have had.

    Those are of the kinds the file has, and dated from ``first`` to ``last``: by default the days that its lines of
    the kind span.  When amount and date both differ the finding is the amount.  A fact without pence has those of
    billing.
    """
    told = [_summed(fact, here) for fact in there]
    seen: set[tuple[str, str]] = set()
    found = [_judged(fact, here, seen) for fact in told]
    kinds = {fact.kind for fact in told}
    spans = {kind: _span([fact.on for fact in told if fact.kind == kind], first, last) for kind in kinds}
    lacking = [
        Compared(Finding.MISSING_THERE, None, fact)
        for key, fact in here.items()
        if key not in seen and fact.kind in spans and spans[fact.kind][0] <= fact.on <= spans[fact.kind][1]
    ]
    return found + lacking


def _summed(fact: Fact, here: Mapping[tuple[str, str], Fact]) -> Fact:
    """Return a fact with its pence: where its system left them open, those that billing took, if it knows of it."""
    ours = here.get((fact.kind, fact.fact_id))
    return fact if fact.amount_pence is not None or ours is None else fact._replace(amount_pence=ours.amount_pence)


def _span(days: list[date], first: date | None, last: date | None) -> tuple[date, date]:
    return first or min(days), last or max(days)


def _judged(fact: Fact, here: Mapping[tuple[str, str], Fact], seen: set[tuple[str, str]]) -> Compared:
    key = (fact.kind, fact.fact_id)
    if key in seen:
        return Compared(Finding.DUPLICATE, fact, None)
    seen.add(key)
    ours = here.get(key)
    if ours is None:
        return Compared(Finding.MISSING_HERE, fact, None)
    if fact.amount_pence != ours.amount_pence:
        return Compared(Finding.AMOUNT_DIFFERS, fact, ours)
    return Compared(Finding.DATE_DIFFERS if fact.on != ours.on else Finding.AGREED, fact, ours)


def totals(found: Iterable[Compared]) -> list[dict[str, Any]]:
    """Return count and pence of both sides by kind and finding; they sum to all that either side has been asked for.

    What names no sum and is missing here counts no pence.
    """
    sums: dict[tuple[str, Finding], list[int]] = {}
    for one in found:
        row = sums.setdefault((one.as_json()["kind"], one.finding), [0, 0, 0])
        row[0] += 1
        row[1] += _pence(one.there)
        row[2] += _pence(one.here)
    return list(_rows(sums))


def _pence(side: Fact | None) -> int:
    return side.amount_pence or 0 if side else 0


def _rows(sums: Mapping[tuple[str, Finding], list[int]]) -> Iterator[dict[str, Any]]:
    order = list(Finding)
    for kind, finding in sorted(sums, key=lambda key: (key[0], order.index(key[1]))):
        count, there, here = sums[kind, finding]
        names = {"kind": kind, "finding": finding.value}
        yield names | {"count": count, "there_pence": there, "here_pence": here, "difference_pence": there - here}
