"""The items of an account: what of each charge falls due together, and how credits take from it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.billing.domain.facts import FEES, FactKind
from services.billing.domain.lines import Cut, Line, carried_from, valued_from

_BEFORE_US = timedelta(days=28)
"""How long before it was due an opening balance counts as billed: by others, so no policy of ours changes it."""

_FIRST_DUE = date.min + _BEFORE_US


@dataclass(frozen=True, slots=True)
class StatementHead:
    """A statement that was issued, without its lines.

    ``struck`` is where a reviewed statement was cut, earlier than it was issued; None: on the day of issue.  ``cut`` is
    what it carries, but for what an earlier statement carries.
    """

    statement_no: str
    issued_on: date
    due_on: date
    struck: Cut | None = None
    cut: Cut = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work the cut out once: each line of an account is held against it."""
        object.__setattr__(self, "cut", self.struck or Cut(self.issued_on, self.issued_on))


@dataclass(frozen=True, slots=True)
class Item:
    """A debt with a due date: what one statement carries of one charge, or an opening balance due since ``due_on``.

    An item without ``statement_no`` was billed before our time; its ``issued_on`` is 28 days before it was due.
    """

    charge_id: str
    is_fee: bool
    statement_no: str | None
    issued_on: date
    due_on: date
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Folded:
    """The items in the order they are paid, what is not billed yet, and credits that found no item to lower."""

    items: tuple[Item, ...]
    pending_pence: int
    surplus_pence: int


Place = tuple[int, date]
"""Where a piece of a charge stands: the number of the statement that carries it, and the day one could carry it."""


class Places:
    """An account's statements, oldest first, as they were cut; each goes at least as far as the one before it."""

    def __init__(self, statements: Iterable[StatementHead]) -> None:
        self.statements = sorted(statements, key=lambda statement: statement.issued_on)
        cuts = [statement.cut for statement in self.statements]
        self._befores = [cut.before for cut in cuts]
        known = [cut.known_at for cut in cuts]
        self._known = known if known != self._befores else None

    def of(self, line: Line) -> Place:
        """Return where a line stands; what no statement carries has the number after the last."""
        day = carried_from(line)
        if self._known is None:  # no statement was reviewed: every one is cut by its day
            return bisect_left(self._befores, day), day
        return max(bisect_left(self._befores, valued_from(line)), bisect_left(self._known, line.book)), day

    def carrying(self, line: Line) -> StatementHead | None:
        """Return the statement that carries a line: the first that was cut when it was known and of value."""
        number, _ = self.of(line)
        return self.statements[number] if number < len(self.statements) else None


def fold(lines: Iterable[Line], statements: Sequence[StatementHead]) -> Folded:
    """Fold an account's netted charge and credit lines into items; other lines are passed over.

    Book by book: an increase is a piece of its own, due with the first statement that carries it; a decrease takes from
    the charge's newest piece at once, what is not billed first.  Within a book increases go first, so that order inside
    it changes nothing.  What a write-off still takes is taken from its charge's oldest pieces, so what was written back
    is due when it always was.  Source: contract.md 6, statements.
    """
    places = Places(statements)
    billed = places.statements
    items: list[Item] = []
    pending = surplus = 0
    rows = list(lines)
    given_up = _given_up(rows)
    for charge_id, charge_lines in _by_charge(rows).items():
        pieces, over = _pieces(charge_lines, places)
        surplus += over + _take(pieces, given_up.pop(charge_id, 0), min)
        if not pieces:
            continue
        if charge_lines[0].due_on is not None:
            items.append(_opening_item(charge_lines[0], sum(pieces.values())))
            continue
        for number, pence in _by_statement(pieces).items():
            if number < len(billed):
                items.append(_billed_item(charge_lines[0], billed[number], pence))
            else:
                pending += pence
    items.sort(key=payment_order)
    return Folded(tuple(items), pending, surplus + sum(given_up.values()))


NEXT = StatementHead("next", date.max, date.max)
"""Stands in for the statement that will carry what none carries yet."""


def not_billed(lines: Iterable[Line], statements: Sequence[StatementHead]) -> tuple[Item, ...]:
    """Return what of each charge no statement carries yet, as items of ``NEXT``; together ``fold``'s pending pence."""
    return tuple(item for item in fold(lines, [*statements, NEXT]).items if item.statement_no == NEXT.statement_no)


def _opening_item(line: Line, pence: int) -> Item:
    assert line.due_on is not None
    issued_on = max(line.due_on, _FIRST_DUE) - _BEFORE_US
    return Item(line.charge_id or "", line.charge_kind in FEES, None, issued_on, line.due_on, pence)


def _billed_item(line: Line, head: StatementHead, pence: int) -> Item:
    is_fee = line.charge_kind in FEES
    return Item(line.charge_id or "", is_fee, head.statement_no, head.issued_on, head.due_on, pence)


def _by_statement(pieces: dict[Place, int]) -> dict[int, int]:
    """Return pence by the number of the statement that carries them, counted past the last if none does yet."""
    found: dict[int, int] = {}
    for (number, _), pence in pieces.items():
        found[number] = found.get(number, 0) + pence
    return found


def payment_order(item: Item) -> tuple[date, bool, str, date]:
    """Return when an item is paid: oldest due first, then charges before fees, then by charge_id (contract.md 6)."""
    return (item.due_on, item.is_fee, item.charge_id, item.issued_on)


def _by_charge(lines: Iterable[Line]) -> dict[str, list[Line]]:
    charges: dict[str, list[Line]] = {}
    for line in lines:
        if line.charge_id is not None and line.kind is not FactKind.WRITE_OFF:
            charges.setdefault(line.charge_id, []).append(line)
    return charges


def _given_up(lines: Iterable[Line]) -> dict[str, int]:
    """Return what write-offs still take from each charge."""
    taken: dict[str, int] = {}
    for line in lines:
        if line.kind is FactKind.WRITE_OFF:
            taken[line.charge_id or ""] = taken.get(line.charge_id or "", 0) - line.amount_pence
    return taken


def _pieces(lines: list[Line], places: Places) -> tuple[dict[Place, int], int]:
    """Return what is left of each piece by its place, and what decreases took beyond."""
    if len(lines) == 1 and lines[0].amount_pence > 0:
        return {places.of(lines[0]): lines[0].amount_pence}, 0
    pieces: dict[Place, int] = {}
    over = 0
    for line in sorted(lines, key=lambda line: (line.book, line.amount_pence < 0, line.value_on)):
        pence = line.amount_pence
        if pence > 0:
            filled = min(pence, over)
            over -= filled
            if pence > filled:
                place = places.of(line)
                pieces[place] = pieces.get(place, 0) + pence - filled
        else:
            over += _take(pieces, -pence, max)
    return pieces, over


def _take(pieces: dict[Place, int], pence: int, first: Callable[[Iterable[Place]], Place]) -> int:
    """Take pence from the newest pieces (``first`` is ``max``) or the oldest (``min``); return what found none."""
    while pence and pieces:
        place = first(pieces)
        taken = min(pence, pieces[place])
        pence -= taken
        pieces[place] -= taken
        if not pieces[place]:
            del pieces[place]
    return pence
