"""In which order money settles what nobody chose: dated versions, as data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from services.billing.domain.items import Item, payment_order


class Criterion(StrEnum):
    """One thing that decides which item is settled first."""

    OLDEST_DUE = "oldest-due"
    NEWEST_DUE = "newest-due"
    CHARGES_FIRST = "charges-before-fees"
    FEES_FIRST = "fees-before-charges"


_RANKS: Mapping[Criterion, Callable[[Item], int]] = MappingProxyType(
    {
        Criterion.OLDEST_DUE: lambda item: item.due_on.toordinal(),
        Criterion.NEWEST_DUE: lambda item: -item.due_on.toordinal(),
        Criterion.CHARGES_FIRST: lambda item: item.is_fee,
        Criterion.FEES_FIRST: lambda item: not item.is_fee,
    }
)


_NATURAL = (Criterion.OLDEST_DUE, Criterion.CHARGES_FIRST)
"""What ``items.payment_order`` says already."""


@dataclass(frozen=True, slots=True)
class AllocationOrder:
    """One version, for money received from ``effective_from`` until the next version's day.

    ``order`` names what decides, the first first; what is equal by all of it stands as in ``items.payment_order``.
    What the payer chose comes before all of it: that is law, not policy (domain.md 3.6).
    """

    version: str
    effective_from: date
    order: tuple[Criterion, ...]

    def sorted(self, items: Sequence[Item]) -> Sequence[int]:
        """Return the places of items (given in ``items.payment_order``) in the order in which money settles them."""
        if self.order == _NATURAL:
            return range(len(items))
        return sorted(range(len(items)), key=lambda index: self._key(items[index]))

    def _key(self, item: Item) -> tuple[object, ...]:
        return (*(_RANKS[criterion](item) for criterion in self.order), payment_order(item))


def check(versions: Sequence[AllocationOrder]) -> None:
    """Raise ``AssertionError`` unless some version orders all money, and none says one thing twice.

    The first is in force from the first day of the calendar on, because no money is too old to settle something.  An
    order says when, and fees or charges, at most once each.
    """
    assert min(one.effective_from for one in versions) == date.min, "one version is in force from the first day on"
    assert len({one.version for one in versions}) == len(versions), "each version has a name of its own"
    for one in versions:
        assert not {Criterion.OLDEST_DUE, Criterion.NEWEST_DUE} <= set(one.order), f"{one.version}: oldest or newest"
        assert not {Criterion.CHARGES_FIRST, Criterion.FEES_FIRST} <= set(one.order), f"{one.version}: which first?"
