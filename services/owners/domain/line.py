"""The ownership line of a unit: who owned it from which day to which.

Source: contract.md section 6, "Ownership line of a unit".  A function of the unit's facts and the set of its changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, zip_longest

from services.owners.domain.chains import Cancellation, Chain, Change, chains_of
from shared.events.housing import Tenure
from shared.events.owners import NoPeriod, OwnershipPeriod, WithoutPeriod


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What of a unit's registration its line depends on; ``managed_to`` is the last managed day."""

    tenure: Tenure
    managed_from: date
    managed_to: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A unit's periods in order of days, and the chains whose accounts exist without days of their own."""

    periods: tuple[OwnershipPeriod, ...] = ()
    without_period: tuple[WithoutPeriod, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a chain came to lie: ``holder`` is the change that gives it days, ``reason`` why it has none of its own.

    Internal days have both: they are on the line, but they are the association's.
    """

    chain: Chain
    holder: Change | None
    reason: NoPeriod | None


def line_of(unit: UnitFacts, history: Iterable[Change | Cancellation]) -> Line:
    """Draw the unit's line from everything known about it; the order of arrival plays no part."""
    placements = place(unit, chains_of(history))
    held = _held(placements)
    first_entry_on = held[0][0].entry_on if held else None
    periods = (*_days_before(unit, first_entry_on), *_periods(held))
    return Line(periods, tuple(_without_period(placements)))


def successors(chains: Iterable[Chain]) -> dict[str, Change]:
    """Return the standing change that ended each ownership, by ownership id, whether managed then or not."""
    held = _held(place(UnitFacts(Tenure.OWNED, date.min), chains))
    return {ownership_id: following for (_, ownership_id), (following, _) in pairwise(held)}


def place(unit: UnitFacts, chains: Iterable[Chain]) -> tuple[Placement, ...]:
    """Decide for each chain whether it has days: it stands, within management, and wins its day.

    Of several on one day the greatest (``notified_on``, ``change_id``) of the standing changes has the period.
    """
    found = tuple(chains)
    winners: dict[date, Change] = {}
    for chain in found:
        standing = chain.standing
        if standing is not None and not _is_after_management(unit, standing):
            rival = winners.get(standing.entry_on, standing)
            winners[standing.entry_on] = max(standing, rival, key=lambda change: change.rank)
    return tuple(_placed(unit, chain, winners) for chain in found)


def _held(placements: Iterable[Placement]) -> list[tuple[Change, str]]:
    """Return the changes that give days, in order of entry, each with its ownership id."""
    held = [(each.holder, each.chain.ownership_id) for each in placements if each.holder is not None]
    return sorted(held, key=lambda pair: pair[0].entry_on)


def _placed(unit: UnitFacts, chain: Chain, winners: Mapping[date, Change]) -> Placement:
    standing = chain.standing
    if standing is None:
        return Placement(chain, None, NoPeriod.VOID)
    if _is_after_management(unit, standing):
        return Placement(chain, None, NoPeriod.AFTER_MANAGEMENT)
    if winners[standing.entry_on] is not standing:
        return Placement(chain, None, NoPeriod.SAME_DAY)
    return Placement(chain, standing, NoPeriod.INTERNAL if standing.is_internal else None)


def _is_after_management(unit: UnitFacts, change: Change) -> bool:
    return unit.managed_to is not None and change.entry_on > unit.managed_to


def _days_before(unit: UnitFacts, first_entry_on: date | None) -> Iterable[OwnershipPeriod]:
    """Yield the association's days before the first entry; those days of an owned unit have an owner not yet known."""
    has_days = first_entry_on is None or unit.managed_from < first_entry_on
    if unit.tenure is Tenure.ASSOCIATION and has_days:
        yield OwnershipPeriod(from_=unit.managed_from, to=first_entry_on, internal=True)


def _periods(held: Sequence[tuple[Change, str]]) -> Iterable[OwnershipPeriod]:
    """Yield ``[entry, next entry)`` of each chain that has days."""
    for (holder, ownership_id), following in zip_longest(held, held[1:]):
        yield OwnershipPeriod(
            ownership_id=ownership_id,
            from_=holder.entry_on,
            to=following[0].entry_on if following else None,
            party_ids=holder.party_ids,
            form=holder.form,
            internal=holder.is_internal,
            billing_contact=holder.has_billing_contact,
        )


def _without_period(placements: Iterable[Placement]) -> Iterable[WithoutPeriod]:
    """Yield every chain with an account but no days of its own; internal days are the association's, not its own."""
    for placement in placements:
        if placement.chain.has_owner and placement.reason is not None:
            yield WithoutPeriod(ownership_id=placement.chain.ownership_id, reason=placement.reason)
