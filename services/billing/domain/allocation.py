"""Which debt each payment settles: derived from the facts, never a fact of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.facts import FactKind
from services.billing.domain.items import Item
from services.billing.domain.lines import Line
from services.billing.domain.refs import normalised


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is live of a payment on an account."""

    payment_id: str
    received_on: date
    pence: int
    for_statement: str | None = None


@dataclass(frozen=True, slots=True)
class Allocated:
    """Pence of a payment set against an item; without ``payment_id`` they are credit of the account."""

    payment_id: str | None
    charge_id: str
    statement_no: str | None
    pence: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is open of each item (in the order of the items), what settled what, and the credit that is left."""

    open_pence: tuple[int, ...]
    parts: tuple[Allocated, ...]
    credit_pence: int


def receipts_of(lines: Iterable[Line]) -> tuple[tuple[Receipt, ...], int]:
    """Return an account's live payments in order of (received_on, payment_id), and pence taken back beyond them.

    A reversal lowers its payment.  The second figure is 0 unless a question as of a day sees a reversal dated before
    its payment.  Source: contract.md 6, allocation.
    """
    live: dict[str, int] = {}
    heads: dict[str, Line] = {}
    for line in lines:
        if line.payment_id is not None:
            live[line.payment_id] = live.get(line.payment_id, 0) - line.amount_pence
            if line.kind == FactKind.PAYMENT or line.payment_id not in heads:
                heads[line.payment_id] = line
    receipts = [
        Receipt(payment_id, heads[payment_id].value_on, pence, heads[payment_id].for_statement)
        for payment_id, pence in live.items()
        if pence > 0
    ]
    receipts.sort(key=lambda receipt: (receipt.received_on, receipt.payment_id))
    return tuple(receipts), -sum(pence for pence in live.values() if pence < 0)


def allocate(items: Sequence[Item], receipts: Iterable[Receipt], surplus_pence: int = 0) -> Allocation:
    """Set payments against items: each first to its ``for_statement``, then oldest due; ``surplus_pence`` comes last.

    ``items`` are in ``items.payment_order``, ``receipts`` in the order of ``receipts_of``.  No penny is lost: what is
    set and what is left as credit make the receipts and the surplus.  Source: contract.md 6, allocation.
    """
    settling = _Settling(items)
    credit = 0
    for receipt in receipts:
        left = receipt.pence
        if receipt.for_statement is not None:
            left = settling.settle(receipt.payment_id, left, settling.of_statement(receipt.for_statement))
        credit += settling.settle(receipt.payment_id, left, settling.oldest())
    credit += settling.settle(None, surplus_pence, settling.oldest())
    return Allocation(tuple(settling.open_pence), tuple(settling.parts), credit)


class _Settling:
    """The items while they are being settled; settled ones at the front are passed only once."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._first = 0
        self.open_pence = [item.amount_pence for item in items]
        self.parts: list[Allocated] = []

    def of_statement(self, statement_no: str) -> Sequence[int]:
        wanted = normalised(statement_no)
        return [
            index
            for index, item in enumerate(self._items)
            if item.statement_no is not None and normalised(item.statement_no) == wanted
        ]

    def oldest(self) -> Sequence[int]:
        while self._first < len(self._items) and not self.open_pence[self._first]:
            self._first += 1
        return range(self._first, len(self._items))

    def settle(self, payment_id: str | None, pence: int, indexes: Iterable[int]) -> int:
        """Settle items in this order; return the pence that found none."""
        for index in indexes:
            if not pence:
                break
            taken = min(pence, self.open_pence[index])
            if taken:
                self.open_pence[index] -= taken
                pence -= taken
                item = self._items[index]
                self.parts.append(Allocated(payment_id, item.charge_id, item.statement_no, taken))
        return pence
