"""Disputes: what of an account's charge its owner does not accept, and which pence of its items that rings off."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from services.billing.domain.facts import FactKind
from services.billing.domain.items import Item
from services.billing.domain.lines import Line

REVIEW = timedelta(days=28)
"""After so many days somebody must look at a dispute again (domain.md 4.3)."""


class Outcome(StrEnum):
    """How a dispute ended: the owner was right (a credit follows from whoever raised the charge), or was not."""

    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Pence of one charge on one account that are disputed on the days ``[raised_on, ended_on)``.

    ``book`` and ``ended_book`` say when that was learnt.  ``credited_pence`` is what had been credited of the charge on
    the account when it was raised: credits beyond that take what it disputes.  One that was upheld and
    ``awaits_credit`` rings off until they have taken all of it: nobody may ask for what the owner was told is not owed.
    """

    dispute_id: str
    charge_id: str
    amount_pence: int
    raised_on: date
    book: date
    ended_on: date | None = None
    ended_book: date | None = None
    outcome: Outcome | None = None
    credited_pence: int = 0
    awaits_credit: bool = False

    @property
    def rings(self) -> bool:
        """Whether it still rings off what no credit has taken."""
        return self.ended_on is None or self.awaits_credit

    def rang_on(self, day: date) -> bool:
        """Say whether it rang off anything on a day."""
        return self.raised_on <= day and (self.rings or (self.ended_on is not None and day < self.ended_on))


def as_known(disputes: Iterable[Dispute], as_of: date | None, known_at: date | None) -> tuple[Dispute, ...]:
    """Return the disputes that count by ``as_of`` and were known at the book ``known_at`` (None: all)."""
    day, book = as_of or date.max, known_at or date.max
    return tuple(
        replace(one, ended_on=None, ended_book=None, outcome=None, awaits_credit=False)
        if one.ended_on is not None and (one.ended_on > day or (one.ended_book or one.ended_on) > book)
        else one
        for one in disputes
        if one.raised_on <= day and one.book <= book
    )


def ringed(
    items: Sequence[Item],
    disputes: Iterable[Dispute],
    credited: Mapping[str, int],
    rings: Callable[[Dispute], bool] = lambda one: one.rings,
) -> list[int]:
    """Return the pence of each item that disputes ring off: of each charge the newest item first.

    ``rings`` says which disputes do; ``credited`` is what is credited of each charge.  A credit takes from the
    newest item as well (``items.fold``), so it takes what was disputed, and the rest stays accepted.  No more than the
    item: what exceeds a charge's items rings off nothing.
    """
    left: dict[str, int] = {}
    for one, pence in _not_credited(disputes, credited, rings):
        left[one.charge_id] = left.get(one.charge_id, 0) + pence
    ring = [0] * len(items)
    for index in reversed(range(len(items)) if left else ()):
        item = items[index]
        ring[index] = min(left.get(item.charge_id, 0), item.amount_pence)
        if ring[index]:
            left[item.charge_id] -= ring[index]
    return ring


def _not_credited(
    disputes: Iterable[Dispute], credited: Mapping[str, int], rings: Callable[[Dispute], bool]
) -> Iterable[tuple[Dispute, int]]:
    """Return the disputes that ring, each with the pence that no credit has taken since it was raised.

    A credit goes to what its owner was told is right (upheld), then to what was disputed first.
    """
    heard = [one for one in disputes if rings(one) or one.outcome is Outcome.UPHELD]
    heard.sort(key=lambda one: (one.outcome is not Outcome.UPHELD, one.credited_pence, one.raised_on, one.dispute_id))
    left = [one.amount_pence for one in heard]
    for charge_id in {one.charge_id for one in heard} & credited.keys():
        own = [index for index, one in enumerate(heard) if one.charge_id == charge_id]
        _take_credits(own, heard, left, credited[charge_id])
    return [(one, pence) for one, pence in zip(heard, left, strict=True) if rings(one)]


def awaited(disputes: Iterable[Dispute], lines: Sequence[Line]) -> dict[str, int]:
    """Return the pence of each upheld dispute of an account that await their credit, by its id.

    All of a charge together no more than is left of it: what moved to another account is not this owner's to be
    credited.
    """
    own = list(disputes)
    left = _left_of(lines)
    found: dict[str, int] = {}
    for one, pence in _not_credited(own, credited_of(lines, own), lambda one: one.rings):
        awaits = min(pence, left.get(one.charge_id, 0)) if one.awaits_credit else 0
        if awaits > 0:
            found[one.dispute_id] = awaits
            left[one.charge_id] -= awaits
    return found


def _left_of(lines: Iterable[Line]) -> dict[str, int]:
    """Return what stands of each charge on an account, less its credits, given up or not."""
    found: dict[str, int] = {}
    for line in lines:
        if line.charge_id is not None and line.kind is not FactKind.WRITE_OFF:
            found[line.charge_id] = found.get(line.charge_id, 0) + line.amount_pence
    return found


def _take_credits(own: Iterable[int], heard: Sequence[Dispute], left: list[int], credited_pence: int) -> None:
    """Lower what is left of the disputes of one charge, credit by credit: only those raised before it."""
    marks = {heard[index].credited_pence for index in own}
    for since, until in pairwise(sorted({mark for mark in marks if mark < credited_pence} | {credited_pence})):
        pence = until - since
        for index in own:
            if heard[index].credited_pence <= since:
                taken = min(pence, left[index])
                left[index] -= taken
                pence -= taken


def credited_of(lines: Iterable[Line], disputes: Iterable[Dispute]) -> dict[str, int]:
    """Return the pence credited on an account of each charge that was ever disputed."""
    found = dict.fromkeys((one.charge_id for one in disputes), 0)
    for line in lines if found else ():
        if line.kind is FactKind.CREDIT and line.charge_id in found:
            found[line.charge_id] -= line.amount_pence
    return found


def last_ended(disputes: Iterable[Dispute], charge_id: str) -> date | None:
    """Return the day on which the last dispute of a charge ended; None: none has."""
    return max((one.ended_on for one in disputes if one.charge_id == charge_id and one.ended_on), default=None)
