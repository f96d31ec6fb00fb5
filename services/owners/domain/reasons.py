"""Why a unit's line is what it is: what became of every change ever told, in words an officer can repeat."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.owners.domain.chains import Cancellation, Chain, Change, cancellations_that_count, chains_of
from services.owners.domain.line import Placement, UnitFacts, place
from shared.events.owners import NoPeriod


@dataclass(frozen=True, slots=True)
class Told:
    """One change or cancellation, and what became of it."""

    change_id: str
    notified_on: date
    entry_on: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ChainReason:
    """One ownership: the change that stands, why it has its days or none, and all that was told of it."""

    ownership_id: str
    standing: str | None
    without_period: NoPeriod | None
    reason: str
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """Every chain of a unit, and what was told beside the chains: cancellations, corrections of cancellations."""

    chains: tuple[ChainReason, ...]
    beside: tuple[Told, ...]


def reasons_of(unit: UnitFacts, history: Iterable[Change | Cancellation]) -> Reasons:
    """Explain a unit's line, chain by chain."""
    known = tuple(history)
    chains = chains_of(known)
    cancelled = cancellations_that_count(one for one in known if isinstance(one, Cancellation))
    placements = place(unit, chains)
    winners = {each.holder.entry_on: each.holder for each in placements if each.holder is not None}
    in_chains = {member.change_id for chain in chains for member in chain.members}
    beside = sorted((one for one in known if one.change_id not in in_chains), key=lambda one: one.rank)
    return Reasons(
        tuple(_chain_reason(unit, placement, winners, cancelled) for placement in placements),
        tuple(_told_beside(one, cancelled) for one in beside),
    )


def _chain_reason(
    unit: UnitFacts, placement: Placement, winners: Mapping[date, Change], cancelled: Mapping[str, Cancellation]
) -> ChainReason:
    chain = placement.chain
    return ChainReason(
        chain.ownership_id,
        chain.standing.change_id if chain.standing else None,
        placement.reason,
        _reason(unit, placement, winners, cancelled),
        _told(chain, cancelled),
    )


def _reason(
    unit: UnitFacts, placement: Placement, winners: Mapping[date, Change], cancelled: Mapping[str, Cancellation]
) -> str:
    standing = placement.chain.standing
    if standing is None:
        return f"void: its first change was cancelled by {cancelled[placement.chain.ownership_id].change_id}"
    if placement.reason is NoPeriod.AFTER_MANAGEMENT:
        return f"entry on {standing.entry_on} is after management ended on {unit.managed_to}"
    if placement.reason is NoPeriod.SAME_DAY:
        return f"{winners[standing.entry_on].change_id} has the period that begins on {standing.entry_on}"
    whose = "the association's days" if placement.reason is NoPeriod.INTERNAL else "its days"
    return f"{whose} begin on {standing.entry_on}"


def _told(chain: Chain, cancelled: Mapping[str, Cancellation]) -> tuple[Told, ...]:
    """Say of each member whether it stands, and if not, what took its place."""
    replaced_by = _path(chain)
    return tuple(
        Told(member.change_id, member.notified_on, member.entry_on, _outcome(member, replaced_by, cancelled))
        for member in chain.members
    )


def _path(chain: Chain) -> dict[str, str | None]:
    """Return the changes from the first to the standing one, each with the correction that took its place."""
    by_id = {member.change_id: member for member in chain.members}
    path: dict[str, str | None] = {}
    one, following = chain.standing, None
    while one is not None:
        path[one.change_id] = following
        following = one.change_id
        one = by_id[one.corrects] if one.corrects is not None else None
    return path


def _outcome(member: Change, replaced_by: Mapping[str, str | None], cancelled: Mapping[str, Cancellation]) -> str:
    if member.change_id in cancelled:
        return f"cancelled by {cancelled[member.change_id].change_id}"
    if member.change_id in replaced_by:
        successor = replaced_by[member.change_id]
        return f"replaced by {successor}" if successor else "stands"
    corrected = member.corrects or ""
    if corrected in replaced_by:
        return f"gives way to {replaced_by[corrected]}"
    return f"built on {corrected}, which does not stand"


def _told_beside(one: Change | Cancellation, cancelled: Mapping[str, Cancellation]) -> Told:
    undone = cancelled.get(one.change_id)
    if isinstance(one, Change):
        return Told(one.change_id, one.notified_on, one.entry_on, f"no effect: {one.corrects} is no change of owner")
    outcome = f"undone by {undone.change_id}" if undone else f"cancels {one.cancels}"
    return Told(one.change_id, one.notified_on, None, outcome)
