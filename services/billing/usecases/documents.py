"""What a document says of each line, and how a long one is made to fit the largest record the bus carries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from services.billing.db.statements import Notes
from services.billing.domain.facts import FactKind
from services.billing.domain.lines import Line, kind_of
from shared.events.billing import LineKind, StatementLine
from shared.events.housing import ChargeKind

MOST_BYTES = 180_000
"""What the lines of one statement may take of a record's 256 KiB."""

LONGEST_LINE = 5_200
"""No line takes more bytes: a few of them need not be measured."""

_Line = TypeVar("_Line", bound=StatementLine)


def statement_line(line: Line, account_id: str, notes: Notes, origins: Mapping[Line, str]) -> StatementLine:
    """Return a line as a document shows it: with the share and the pool it came from, and its days.

    A credit says why, and on which statement its charge stood (``statements.origins`` of its account).
    """
    note = notes.charges.get(line.charge_id or "")
    shared = line.kind is not FactKind.WRITE_OFF
    share = notes.shares.get((account_id, line.charge_id or "")) if shared else None
    days = notes.days.get((account_id, line.charge_id or "")) if shared else None
    credit = notes.credits[line.fact_id] if line.kind is FactKind.CREDIT else None
    pool = None
    if share is not None and note is not None:
        pool = -credit.amount_pence if credit is not None else note.gross_pence
    return StatementLine(
        kind=kind_of(line),
        charge_id=line.charge_id,
        credit_id=line.fact_id if credit is not None else None,
        payment_id=line.payment_id,
        reversal_id=line.fact_id if line.kind is FactKind.REVERSAL else None,
        charge_kind=note.kind if note is not None else None,
        description=note.description if note is not None else None,
        reason=credit.reason if credit is not None else None,
        billed_on_statement=origins.get(line) if credit is not None else None,
        share=share,
        pool_pence=pool,
        **(days._asdict() if days is not None else {}),
        tax_pence=line.tax_pence,
        amount_pence=line.amount_pence,
        value_on=line.value_on,
        book=line.book,
    )


def fitted(lines: Sequence[_Line], most_bytes: int = MOST_BYTES) -> tuple[_Line, ...]:
    """Return lines that fit a record: itemised, else without descriptions and reasons, else summed by kind.

    The sums stay the same; the account itself always shows every line.
    """
    if len(lines) * LONGEST_LINE <= most_bytes or _size(lines) <= most_bytes:
        return tuple(lines)
    terse = tuple(line.model_copy(update={"description": None, "reason": None}) for line in lines)
    return terse if _size(terse) <= most_bytes else _by_kind(lines)


def _size(lines: Iterable[StatementLine]) -> int:
    return sum(len(line.model_dump_json(exclude_none=True).encode()) + 1 for line in lines)


def _by_kind(lines: Iterable[_Line]) -> tuple[_Line, ...]:
    groups: dict[tuple[LineKind, ChargeKind | None], list[_Line]] = {}
    for line in lines:
        groups.setdefault((line.kind, line.charge_kind), []).append(line)
    return tuple(_summed(kind, charge_kind, group) for (kind, charge_kind), group in sorted(groups.items(), key=str))


def _summed(kind: LineKind, charge_kind: ChargeKind | None, group: Sequence[_Line]) -> _Line:
    return type(group[0])(
        kind=kind,
        charge_kind=charge_kind,
        description=f"{len(group)} entries, itemised on the account",
        tax_pence=sum(line.tax_pence for line in group),
        amount_pence=sum(line.amount_pence for line in group),
        value_on=max(line.value_on for line in group),
        book=max(line.book for line in group),
    )
