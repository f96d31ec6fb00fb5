"""The answer about schedules: what holds of each now, what it lacks, and whose proof has lapsed."""

from dataclasses import asdict
from datetime import date

import asyncpg

from services.billing.db import schedules as stored
from services.billing.db.schedules import Schedules
from services.billing.domain import schedules
from services.billing.settings import read_schedule_policy
from shared.bus import gate
from shared.bus.commands import Json


async def worklist(connection: asyncpg.Connection) -> list[Json]:
    """Return every schedule with what holds now, what lacks its notice, its reliefs, and those whose proof lapsed."""
    known = await stored.load(connection)
    day = (await gate.read(connection)).book
    return [_schedule(known, schedule_id, day) for schedule_id in known.terms]


def _schedule(known: Schedules, schedule_id: str, day: date) -> Json:
    versions, days = known.terms[schedule_id], read_schedule_policy().notice_days
    holds, refused = schedules.holding_on(versions, known.notices.get(schedule_id, ()), days, day)
    own = {unit: reliefs for (name, unit), reliefs in known.reliefs.items() if name == schedule_id}
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
        "reliefs": sum(map(len, own.values())),
        "lapsed": [relief.unit_id for relief in schedules.lapsed(own, day)],
    }
