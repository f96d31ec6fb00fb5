"""The annual detailed statement: what an account's statements of a year billed, by head, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.billing.domain.facts import BILLED, FactKind
from services.billing.domain.items import Places, StatementHead
from services.billing.domain.lines import Line, kind_of, netted
from services.billing.domain.statements import reading_order
from shared.events.billing import LineKind
from shared.events.housing import ChargeKind


class Basis(StrEnum):
    """What a year is told from: its statements, or, where there is none of it, the ledger by value date."""

    STATEMENTS = "statements"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Head:
    """What a year billed of one kind of charge, in pence, tax included in both; credits are negative."""

    kind: ChargeKind
    charged_pence: int
    credited_pence: int
    tax_pence: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The lines of a year's statements added up: by head, and by kind where nothing is billed (payments and the like).

    All together are ``total_pence``: what the year's statements say that they add to the balance.
    """

    heads: tuple[Head, ...]
    others: Mapping[LineKind, int]
    total_pence: int


def quarters(year: int) -> tuple[str, ...]:
    """Return the quarters of a year, whose statements the annual one is made from."""
    return tuple(f"{year:04d}Q{number}" for number in range(1, 5))


def before(lines: Iterable[Line], year: int) -> int:
    """Return what stood on the account, in pence, when a year began, by value date."""
    return sum(line.amount_pence for line in lines if line.value_on.year < year)


def is_billed(year: int, day: date, *, waits: bool) -> bool:
    """Say whether all statements of a year are out in the work of a day, after that day's own statements.

    ``waits``: people still look at a run of the year's last quarter.  It lapses when the next quarter's work begins.
    """
    return day >= date(year + 1, 4 if waits else 1, 1)


Numbered = Sequence[tuple[Line, str | None]]
"""Lines with the number of the statement that carries each; None: none does yet."""


def numbered(lines: Iterable[Line], heads: Collection[StatementHead]) -> Numbered:
    """Return an account's lines in reading order, each with its statement; ``heads`` are all of the account's."""
    rows = sorted(netted(lines), key=reading_order)
    places = Places(heads)
    found = [(line, places.carrying(line)) for line in rows]
    return [(line, head.statement_no if head is not None else None) for line, head in found]


def carried(lines: Iterable[Line], heads: Collection[StatementHead], wanted: Collection[str]) -> Numbered:
    """Return the lines that the ``wanted`` statements carry, as ``numbered`` does."""
    return [(line, number) for line, number in numbered(lines, heads) if number in wanted]


def summary(lines: Iterable[Line]) -> Summary:
    """Return what a year's lines come to; every line counts once."""
    rows = list(lines)
    heads: dict[ChargeKind, list[Line]] = {}
    others: dict[LineKind, int] = {}
    for line in rows:
        if line.kind in BILLED and line.charge_kind is not None:
            heads.setdefault(line.charge_kind, []).append(line)
        else:
            others[kind_of(line)] = others.get(kind_of(line), 0) + line.amount_pence
    return Summary(
        tuple(_head(kind, heads[kind]) for kind in ChargeKind if kind in heads),
        dict(sorted(others.items())),
        sum(line.amount_pence for line in rows),
    )


def _head(kind: ChargeKind, rows: list[Line]) -> Head:
    charged = sum(line.amount_pence for line in rows if line.kind is FactKind.CHARGE)
    credited = sum(line.amount_pence for line in rows if line.kind is FactKind.CREDIT)
    return Head(kind, charged, credited, sum(line.tax_pence for line in rows))
