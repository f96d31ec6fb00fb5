"""Answer what people ask about notices of potential liability; nothing here changes anything."""

from dataclasses import asdict
from datetime import date
from typing import Any

import asyncpg

from services.arrears.db import notices as rows
from services.arrears.domain import notice_tasks
from services.arrears.domain.notices import STANDING, Notice
from services.arrears.settings import read_notice_policies
from shared.bus import gate
from shared.bus.refusals import NotKnownError
from shared.dated import in_force


async def worklist(connection: asyncpg.Connection, *, lapsed: bool = False) -> list[dict[str, Any]]:
    """Return each notice that somebody has something to do with, and what, as of the book that is open.

    Before sales first, then breaches, renewals, and the rest; figures are those of the last look.  With ``lapsed``
    instead every notice that ever expired with nobody having renewed it, seen to or not.
    """
    day = (await gate.read(connection)).book
    policy = in_force(read_notice_policies(), day)
    is_asked = _has_lapsed if lapsed else notice_tasks.is_listed
    listed = [(of, notice) for of, notice in await rows.list_notices(connection) if is_asked(notice)]
    tasks = [(notice_tasks.task_of(notice, policy, day), of, notice) for of, notice in listed]
    ordered = sorted(tasks, key=lambda one: (one[0].rank, one[0].due_on or date.max, one[2].notice_id))
    return [{**_shown(notice, of, day), "task": task.words, "task_due_on": task.due_on} for task, of, notice in ordered]


async def show(connection: asyncpg.Connection, notice_id: str) -> dict[str, Any]:
    """Return one notice, and all that happened to it with who and why.  Raises ``NotKnownError``."""
    day = (await gate.read(connection)).book
    found = await rows.list_notices(connection, notice_id)
    if not found:
        raise NotKnownError(f"There is no notice {notice_id}.")
    [(of, notice)] = found
    return {**_shown(notice, of, day), "changes": await rows.list_changes(connection, notice_id)}


def _has_lapsed(notice: Notice) -> bool:
    return notice.breach


def _shown(notice: Notice, of: dict[str, Any], day: date) -> dict[str, Any]:
    left = notice.days_left(day) if notice.state in STANDING else None
    return {**of, **asdict(notice), "days_left": left}
