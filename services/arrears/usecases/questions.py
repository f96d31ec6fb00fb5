"""Answer what people ask; nothing here changes anything."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.arrears.db import holds
from services.arrears.db import questions as rows
from services.arrears.db.holds import KeptHold
from services.arrears.db.ladder import items_of
from services.arrears.domain.account import overdue, total
from shared.bus import gate
from shared.db.engine import driver

_BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "d91_120", "over_120")


async def overdue_accounts(session: AsyncSession) -> list[dict[str, Any]]:
    """Return every account overdue at the last closed day: figure, stage, holds, and what comes next or why nothing."""
    connection = await driver(session)
    day = (await gate.read(connection)).last_closed
    found = await rows.overdue(connection, day) if day else []
    standing = await holds.standing_by_account(connection, [row["account_id"] for row in found])
    return [_overdue(row, day, standing.get(row["account_id"], ())) for row in found if day]


def _overdue(row: dict[str, Any], day: date, held: Sequence[KeptHold]) -> dict[str, Any]:
    late = overdue(items_of(row["items"]), day)
    return {
        "account_ref": row["account_ref"],
        "account_id": row["account_id"],
        "overdue_pence": total(late),
        "disputed_pence": sum(item.disputed_pence for item in late),
        "oldest_due_on": late[0].due_on,
        "stage": row["stage"],
        "stage_on": row["stage_on"],
        "cycle": row["cycle"],
        "holds": [_hold(one) for one in held],
        "reason": row["reason"],
    }


def _hold(hold: KeptHold) -> dict[str, Any]:
    return {
        "hold_id": hold.hold_id,
        "kind": hold.kind,
        "charge_id": hold.charge_id,
        "started_on": hold.started_on,
        "review_on": hold.review_on,
        "reason": hold.reason,
    }


async def list_holds(session: AsyncSession) -> list[dict[str, Any]]:
    """Return every hold, those that stand first; ``late``: its review day is before the book that is open."""
    connection = await driver(session)
    return await holds.list_holds(connection, (await gate.read(connection)).book)


async def summary(session: AsyncSession) -> dict[str, Any]:
    """Return the open items by age at the last closed day, in pence, and the letters by stage."""
    connection = await driver(session)
    day = (await gate.read(connection)).last_closed
    aged = await rows.buckets(connection, day) if day else dict.fromkeys(_BUCKETS, 0)
    return {"as_of": day, "overdue": aged, "letters": await rows.letters(connection)}
