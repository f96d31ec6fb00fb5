"""What simple interest on an account's overdue debts would come to; a figure that is told, and never charged.

Simple, a year of 365 days always, the due day not counted and the last day counted.  Source: domain.md 2.5, R-INT-1,
and its example 3.11; contract.md 6: nothing raises interest by itself.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.billing.domain.items import Item
from services.billing.domain.position import Open
from shared.money import divide_half_up

_RATE = re.compile(r"\d{1,3}(?:\.\d{1,4})?", re.ASCII)
_YEAR = 365
HIGHEST = 100
"""Percent a year; more is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class ItemInterest:
    """Interest on what of an item is open and not disputed, over ``days``; ``exact_pence`` is rounded half up once."""

    item: Item
    principal_pence: int
    disputed_pence: int
    days: int
    exact_pence: Fraction
    interest_pence: int


def rate_of(text: str) -> Fraction:
    """Return percent a year, written like ``8`` or ``8.25``; raises ``ValueError`` for what is no such rate."""
    if not _RATE.fullmatch(text) or not 0 < Fraction(text) <= HIGHEST:
        raise ValueError(f"{text!r} is no rate: write percent a year, above 0 and at most {HIGHEST}, like 8 or 8.25")
    return Fraction(text)


def interest_on(opened: Iterable[Open], rate: Fraction, to: date) -> list[ItemInterest]:
    """Return the interest of each item that was due before ``to``; what is disputed bears none.

    Of an item in part paid, on what is open still, from its due day: what was paid meanwhile bears none.
    """
    return [
        _line(one, one.open_pence - one.disputed_pence, rate, (to - one.item.due_on).days)
        for one in opened
        if one.item.due_on < to and one.open_pence > one.disputed_pence
    ]


def _line(one: Open, principal_pence: int, rate: Fraction, days: int) -> ItemInterest:
    exact = principal_pence * rate / 100 * days / _YEAR
    pence = divide_half_up(exact.numerator, exact.denominator)
    return ItemInterest(one.item, principal_pence, one.disputed_pence, days, exact, pence)
