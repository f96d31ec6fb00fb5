"""Disputes: what of an account's charge its owner does not accept, and which pence of its items that rings off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.billing.domain.items import Item

REVIEW = timedelta(days=28)
"""After so many days somebody must look at a dispute again (domain.md 4.3)."""


class Outcome(StrEnum):
    """How a dispute ended: the owner was right (a credit follows from whoever raised the charge), or was not."""

    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Pence of one charge on one account that are disputed on the days ``[raised_on, ended_on)``.

    ``book`` and ``ended_book`` say when that was learnt.
    """

    dispute_id: str
    charge_id: str
    amount_pence: int
    raised_on: date
    book: date
    ended_on: date | None = None
    ended_book: date | None = None

    def stands_on(self, day: date) -> bool:
        """Say whether it stood on a day."""
        return self.raised_on <= day and (self.ended_on is None or day < self.ended_on)


def as_known(disputes: Iterable[Dispute], as_of: date | None, known_at: date | None) -> tuple[Dispute, ...]:
    """Return the disputes that count by ``as_of`` and were known at the book ``known_at`` (None: all)."""
    day, book = as_of or date.max, known_at or date.max
    return tuple(
        replace(one, ended_on=None, ended_book=None)
        if one.ended_on is not None and (one.ended_on > day or (one.ended_book or one.ended_on) > book)
        else one
        for one in disputes
        if one.raised_on <= day and one.book <= book
    )


def ringed(items: Sequence[Item], disputes: Iterable[Dispute]) -> list[int]:
    """Return the pence of each item that disputes ring off: of each charge the newest item first.

    So a credit that upholds a dispute takes what was disputed (``items.fold`` takes decreases from the newest).  No
    more than the item: what exceeds a charge's items rings off nothing.
    """
    left: dict[str, int] = {}
    for one in disputes:
        left[one.charge_id] = left.get(one.charge_id, 0) + one.amount_pence
    rings = [0] * len(items)
    for index in reversed(range(len(items)) if left else ()):
        item = items[index]
        rings[index] = min(left.get(item.charge_id, 0), item.amount_pence)
        if rings[index]:
            left[item.charge_id] -= rings[index]
    return rings


def last_ended(disputes: Iterable[Dispute], charge_id: str) -> date | None:
    """Return the day on which the last dispute of a charge ended; None: none has."""
    return max((one.ended_on for one in disputes if one.charge_id == charge_id and one.ended_on), default=None)
