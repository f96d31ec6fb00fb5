"""Units: registered, and registered anew; the newest registration holds, whole."""

from collections.abc import Sequence

from services.owners.db import changes, units
from services.owners.domain.newest import sort_out
from services.owners.usecases import lines
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import UnitRegistered
from shared.events.owners import UnitChanged
from shared.events.topics import OWNERS_UNIT


async def register_units(work: Work, events: Sequence[Event[UnitRegistered]]) -> None:
    """Keep the newest registration of each unit, say what changed, and draw the lines that depend on it.

    A registration older than the one that holds changes nothing (contract.md section 2).
    """
    unit_ids = {event.data.unit_id for event in events}
    await work.lock(exclusive=(f"unit:{unit_id}" for unit_id in unit_ids))
    connection = await driver(work.session)
    known = await units.load_units(connection, unit_ids)
    arrived = sort_out(known, ((event.data.unit_id, event) for event in events))
    await units.store_units(connection, arrived.newest, work.book)
    for event in arrived.repeats:
        work.duplicate(event)
    changed = {id_: event for id_, event in arrived.newest.items() if id_ not in known or known[id_].data != event.data}
    for _, event in sorted(changed.items()):
        work.stage(OWNERS_UNIT, _as_said(event.data), cause=event)
    await lines.draw_lines(work, changed, await changes.load_history(connection, changed))
    work.known(*(f"unit:{unit_id}" for unit_id in changed if unit_id not in known))


def _as_said(data: UnitRegistered) -> UnitChanged:
    """Return a registration as the other services hear it."""
    return UnitChanged(**{name: getattr(data, name) for name in UnitChanged.model_fields})
