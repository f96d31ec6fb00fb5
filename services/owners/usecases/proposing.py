"""Proposing a share set for a block: answered, never published; an officer publishes what is right."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.owners.db import units
from services.owners.domain import apportionment
from services.owners.domain.apportionment import Lacking, Proposed
from shared.db.engine import driver
from shared.events.housing import UnitKind, UnitRegistered

_NO_FLAT = frozenset({UnitKind.GARAGE})


@dataclass(frozen=True, slots=True)
class Unproposed:
    """Why there is no proposal, in words that say what to do next."""

    detail: str


async def propose(
    session: AsyncSession, block_id: str, day: date, basis: Proposed, values: Mapping[str, str]
) -> dict[str, Any] | Unproposed:
    """Return the members of a set of the block's units managed on ``day``, and those left out; or why there is none.

    Garages are no flats of the tenement and are left out.  ``values`` are rateable values by unit: nobody registers
    those.
    """
    found = await units.list_of_block(await driver(session), block_id)
    managed = [unit for unit in found if _is_managed(unit, day)]
    flats = [unit for unit in managed if unit.kind not in _NO_FLAT]
    if not flats:
        return Unproposed(f"No unit of block {block_id} is managed on {day}: check the block's id and the day.")
    strangers = sorted(set(values) - {unit.unit_id for unit in flats})
    if strangers:
        return Unproposed(f"values: {_named(strangers)} cannot be in a set of block {block_id}; leave them out.")
    by_value = basis is Proposed.RATEABLE_VALUE
    figures = {unit.unit_id: values.get(unit.unit_id) if by_value else unit.floor_area_m2 for unit in flats}
    proposal = apportionment.propose(figures, basis)
    if isinstance(proposal, Lacking):
        return Unproposed(_lacking(proposal))
    return {
        "block_id": block_id,
        "effective_from": day,
        "basis": proposal.basis,
        "members": [member.model_dump() for member in proposal.members],
        "left_out": [unit.unit_id for unit in managed if unit.kind in _NO_FLAT],
    }


def _is_managed(unit: UnitRegistered, day: date) -> bool:
    return unit.managed_from <= day and (unit.managed_to is None or day <= unit.managed_to)


def _lacking(proposal: Lacking) -> str:
    how = (
        "register these units again with it"
        if proposal.figure == "floor_area_m2"
        else "give one for each unit (--value UNIT=NUMBER)"
    )
    return f"{proposal.figure} is missing for {_named(proposal.unit_ids)}: {how}, or choose --basis equal."


def _named(unit_ids: Collection[str]) -> str:
    return ", ".join(unit_ids)
