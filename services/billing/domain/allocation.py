"""Which debt each payment settles: derived from the facts, never a fact of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from types import MappingProxyType

from services.billing.domain.allocation_policy import AllocationOrder
from services.billing.domain.disputes import Dispute, ringed
from services.billing.domain.facts import FactKind
from services.billing.domain.items import Item
from services.billing.domain.lines import Line
from services.billing.domain.refs import normalised
from shared.dated import in_force


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
    """What is open of each item (in the order of the items), what settled what, and the credit that is left.

    ``disputed_pence`` is what of each open item is disputed now.
    """

    open_pence: tuple[int, ...]
    parts: tuple[Allocated, ...]
    credit_pence: int
    disputed_pence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What money goes by: every version of the order, and the account's disputes, ended ones included."""

    orders: Sequence[AllocationOrder]
    disputes: Sequence[Dispute] = ()


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


def allocate(
    items: Sequence[Item],
    receipts: Iterable[Receipt],
    rules: Rules,
    surplus_pence: int = 0,
    credited: Mapping[str, int] = MappingProxyType({}),
) -> Allocation:
    """Set payments against items: each first to its ``for_statement``, then in the order of the day it was received.

    What was disputed when money came is passed over, unless the payer chose its statement.  Where anything was ever
    disputed, money goes day by day to what is billed then, and to what is no longer disputed: so what it settled stays
    settled, whatever is billed, disputed, decided or ordered later.  ``surplus_pence`` is last, by the first version.
    ``credited`` is what is credited of each charge (``disputes.credited_of``).
    ``items`` are in ``items.payment_order``, ``receipts`` in the order of ``receipts_of``.  No penny is lost: what is
    set and what is left as credit make the receipts and the surplus.  Source: contract.md 6, allocation; domain.md 3.6.
    """
    settling = _Settling(items, rules, credited)
    left = settling.day_by_day(receipts) if rules.disputes else [(one, one.pence) for one in receipts]
    now = settling.ring_now()
    credit = sum(settling.settle_receipt(one, pence, now) for one, pence in left if pence)
    credit += settling.settle(None, surplus_pence, date.min, now)
    disputed = tuple(map(min, now, settling.open_pence))
    return Allocation(tuple(settling.open_pence), tuple(settling.parts), credit, disputed)


class _Settling:
    """The items while they are being settled."""

    def __init__(self, items: Sequence[Item], rules: Rules, credited: Mapping[str, int]) -> None:
        self._items = items
        self._credited = credited
        self._rules = rules
        self._queues: dict[str, _Queue] = {}
        self._nothing = [0] * len(items)
        self.open_pence = [item.amount_pence for item in items]
        self.parts: list[Allocated] = []

    def day_by_day(self, receipts: Iterable[Receipt]) -> list[tuple[Receipt, int]]:
        """Settle on each day on which money came, something was billed or a dispute ended; return what is left."""
        come: dict[date, list[Receipt]] = {}
        for receipt in receipts:
            come.setdefault(receipt.received_on, []).append(receipt)
        ended = {one.ended_on for one in self._rules.disputes if one.ended_on is not None}
        waiting: list[tuple[Receipt, int]] = []
        for day in sorted({*come, *(item.issued_on for item in self._items), *ended}):
            waiting += [(one, one.pence) for one in come.get(day, ())]
            waiting = [(one, self.settle_receipt(one, pence, self._ring_on(one, day), day)) for one, pence in waiting]
        return waiting

    def _ring_on(self, receipt: Receipt, day: date) -> Sequence[int]:
        """Return the pence of each item that were disputed when the money came, and are still on a day."""
        return self._ring(lambda one: one.rang_on(receipt.received_on) and one.rang_on(day))

    def ring_now(self) -> Sequence[int]:
        """Return the pence of each item that are disputed still, or upheld and not credited yet."""
        return self._ring(lambda one: one.rings)

    def _ring(self, rings: Callable[[Dispute], bool]) -> Sequence[int]:
        if not self._rules.disputes:
            return self._nothing
        return ringed(self._items, self._rules.disputes, self._credited, rings)

    def settle_receipt(self, receipt: Receipt, pence: int, ring: Sequence[int], issued_by: date = date.max) -> int:
        """Settle what the payer chose, disputed or not, then the rest; return the pence that are left."""
        if receipt.for_statement is not None:
            wanted = normalised(receipt.for_statement)
            for index, item in enumerate(self._items):
                is_chosen = item.statement_no is not None and normalised(item.statement_no) == wanted
                if is_chosen and item.issued_on <= issued_by:
                    pence -= self._set(receipt.payment_id, index, min(pence, self.open_pence[index]))
        return self.settle(receipt.payment_id, pence, receipt.received_on, ring, issued_by)

    def settle(
        self, payment_id: str | None, pence: int, received_on: date, ring: Sequence[int], issued_by: date = date.max
    ) -> int:
        """Settle items in the order for money of a day, but for what is ringed off; return the pence that are left."""
        for index in self._open_in(received_on) if pence else ():
            if self._items[index].issued_on <= issued_by:
                pence -= self._set(payment_id, index, min(pence, max(self.open_pence[index] - ring[index], 0)))
                if not pence:
                    break
        return pence

    def _open_in(self, received_on: date) -> Iterable[int]:
        """Return the places of the items in the order for money of a day; settled ones at its front only once."""
        order = in_force(self._rules.orders, received_on)
        queue = self._queues.get(order.version)
        if queue is None:
            queue = self._queues[order.version] = _Queue(order, self._items)
        queue.skip(self.open_pence)
        return islice(queue.places, queue.first, None)

    def _set(self, payment_id: str | None, index: int, pence: int) -> int:
        """Set pence against an item; return them."""
        if pence:
            item = self._items[index]
            self.open_pence[index] -= pence
            self.parts.append(Allocated(payment_id, item.charge_id, item.statement_no, pence))
        return pence


class _Queue:
    """The places of items in one order; ``first`` is the first that may be open."""

    def __init__(self, order: AllocationOrder, items: Sequence[Item]) -> None:
        self.places = order.sorted(items)
        self.first = 0

    def skip(self, open_pence: Sequence[int]) -> None:
        """Pass what is settled at the front."""
        while self.first < len(self.places) and not open_pence[self.places[self.first]]:
            self.first += 1
