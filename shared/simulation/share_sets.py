"""Share sets of closes and developments; one is published incomplete first, another changes its basis later."""

from collections.abc import Sequence
from datetime import date, timedelta

from shared.events.housing import Basis, Member, Scope, SharesPublished, UnitRegistered
from shared.events.topics import SHARES_PUBLISHED
from shared.simulation.diary import Diary
from shared.simulation.dice import dice
from shared.simulation.office import working_day
from shared.simulation.portfolio import Block, Development

_MENDED_AFTER = timedelta(days=41)
_CHANGED_AFTER = timedelta(days=230)


def close_set(block: Block) -> str:
    """Return the share set of a close's own costs."""
    return f"S-{block.block_id}"


def estate_set(development: Development) -> str:
    """Return the share set of what a whole development shares."""
    return f"S-{development.development_id}-estate"


def publish(seed: int, diary: Diary, developments: Sequence[Development], opened_on: date) -> None:
    """Note every share set for the opening day, and the two stories of a set that was wrong and a set that changed."""
    blocks = [block for development in developments for block in development.blocks]
    for development in developments:
        _note(diary, opened_on, _estate(development, opened_on))
    for number, block in enumerate(blocks):
        right = _close(seed, block, opened_on)
        if number == 0:
            wrong = right.model_copy(update={"members": right.members[:-1]})
            _note(diary, opened_on, wrong)
            _note(diary, working_day(opened_on + _MENDED_AFTER), right)
        else:
            _note(diary, opened_on, right)
        if number == 1:
            changed_on = working_day(opened_on + _CHANGED_AFTER)
            _note(diary, changed_on, _by_area(block, changed_on))


def _note(diary: Diary, day: date, shares: SharesPublished) -> None:
    diary.note(day, SHARES_PUBLISHED, shares, f"shares/{shares.share_set_id}/{day}")


def _estate(development: Development, effective_from: date) -> SharesPublished:
    return SharesPublished(
        share_set_id=estate_set(development),
        name=f"{development.name}, estate",
        scope=Scope(development_id=development.development_id),
        basis=Basis.EQUAL,
        effective_from=effective_from,
        members=_members(development.units, [1] * len(development.units)),
    )


def _close(seed: int, block: Block, effective_from: date) -> SharesPublished:
    """Return a close's shares: by title, equal, or by floor area, as its deeds happen to say."""
    chance = dice(seed, "shares", block.block_id)
    basis = chance.choice((Basis.TITLE, Basis.EQUAL, Basis.FLOOR_AREA))
    if basis is Basis.FLOOR_AREA:
        return _by_area(block, effective_from)
    weights = [chance.randint(3, 5) if basis is Basis.TITLE else 1 for _ in block.units]
    return _of_close(block, effective_from, basis, weights)


def _by_area(block: Block, effective_from: date) -> SharesPublished:
    tenths = [int((unit.floor_area_m2 or "1").replace(".", "")) for unit in block.units]
    return _of_close(block, effective_from, Basis.FLOOR_AREA, tenths)


def _of_close(block: Block, effective_from: date, basis: Basis, weights: Sequence[int]) -> SharesPublished:
    return SharesPublished(
        share_set_id=close_set(block),
        name=f"Close {block.block_id}",
        scope=Scope(block_id=block.block_id),
        basis=basis,
        effective_from=effective_from,
        source_deed="Deed of conditions" if basis is Basis.TITLE else None,
        members=_members(block.units, weights),
    )


def _members(units: Sequence[UnitRegistered], weights: Sequence[int]) -> tuple[Member, ...]:
    whole = sum(weights)
    return tuple(
        Member(unit_id=unit.unit_id, numerator=weight, denominator=whole)
        for unit, weight in zip(units, weights, strict=True)
    )
