"""The answer about schedules: what holds of each now, what it lacks, what units are let off, which units moved."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, timedelta

import asyncpg

from services.billing.db import registry
from services.billing.db import schedules as stored
from services.billing.db.schedules import Schedules
from services.billing.domain import reliefs, schedules
from services.billing.domain.reliefs import Relief
from services.billing.settings import read_schedule_policy
from services.billing.usecases.schedules import load_known
from shared.bus import gate
from shared.bus.commands import Json

_LATELY = timedelta(days=92)
"""A quarter: how long people are told of a unit that was registered anew in another block or development."""


async def worklist(connection: asyncpg.Connection) -> list[Json]:
    """Return every schedule: what holds now, what lacks its notice, its reliefs, and units that moved away."""
    known = await load_known(connection)
    day = (await gate.read(connection)).book
    owner_since = await _owner_since(connection, {unit_id for _, unit_id in known.reliefs})
    moved = await stored.list_moved(connection, day - _LATELY)
    return [
        {**_schedule(known, schedule_id, owner_since, day), "moved": moved.get(schedule_id, [])}
        for schedule_id in known.terms
    ]


async def _owner_since(connection: asyncpg.Connection, unit_ids: set[str]) -> Mapping[str, date]:
    """Return by unit the first day of its newest owner."""
    units = await registry.load_units(connection, unit_ids)
    return {unit.unit_id: unit.stays[-1].from_on for unit in units.values() if unit.stays}


def _schedule(known: Schedules, schedule_id: str, owner_since: Mapping[str, date], day: date) -> Json:
    versions, days = known.terms[schedule_id], read_schedule_policy().notice_days
    holds, refused = schedules.holding_on(versions, known.notices.get(schedule_id, ()), days, day)
    each = [relief for (name, _), own in known.reliefs.items() if name == schedule_id for relief in own]
    states = {one.relief_id: "lapsed" for one in reliefs.lapsed(each, day)}
    states |= {one.relief_id: "outlived" for one in reliefs.outlived(each, owner_since, day)}
    first = versions[0]
    return {
        "schedule_id": schedule_id,
        **{name: getattr(first, name) for name in schedules.KEPT},
        "version": holds.version if holds is not None else None,
        "annual_net_pence": holds.annual_net_pence if holds is not None else 0,
        "effective_from": holds.effective_from if holds is not None else first.effective_from,
        "lacks_notice": refused.version if refused is not None else None,
        "letters": [asdict(one) for one in known.letters.get(schedule_id, ())],
        "to_come": [one.version for one in versions if one.effective_from > day],
        "reliefs": [{**asdict(one), "state": states.get(one.relief_id)} for one in each],
        "lapsed": _units(each, states, "lapsed"),
        "outlived": _units(each, states, "outlived"),
    }


def _units(each: Iterable[Relief], states: Mapping[str, str], state: str) -> list[str]:
    return sorted({one.unit_id for one in each if states.get(one.relief_id) == state})
