"""What is on its way by direct debit is not chased (domain.md 4.3)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from services.arrears.domain.account import Flight, Item


def not_flying(items: Iterable[Item], flights: Iterable[Flight], day: date) -> tuple[Item, ...]:
    """Return what is left of overdue items, the oldest first, as if what is on its way on a day had come.

    It pays as money does: what is due longest first, and never what is disputed.
    """
    pence = sum(one.pence for one in flights if day <= one.settled_by)
    left = []
    for item in items:
        paid = min(pence, item.open_pence - item.disputed_pence)
        pence -= paid
        if paid < item.open_pence:
            left.append(replace(item, open_pence=item.open_pence - paid))
    return tuple(left)
