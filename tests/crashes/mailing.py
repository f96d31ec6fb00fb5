"""The mail's dispatch: notify hands its letters to a mail server, one by one, and says what became of them."""

import asyncio
from functools import partial

from services.notify.domain.dispatch import FINAL
from shared.bus.service import Running
from shared.db.engine import question
from tests.crashes.case import Case
from tests.crashes.database import Database
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import notify_of
from tests.support.bus import eventually

COUNTED = frozenset({"Sender.run", "Announcer.run"})
MOMENTS = frozenset({ANSWERED})
_MOVING = "select exists (select from notify.messages where state <> all($1::text[]))"
_LAPSE = "update notify.messages set lease_until = now() - interval '1 second' where claim is not null"
_UNSAID = "select exists (select from notify.messages where not said)"


async def work(case: Case) -> None:
    """Send until every letter has come to its end, then say the ends."""
    async with notify_of(case) as running:
        send, _print, announce = running.service.tasks
        await _run_until(running, asyncio.ensure_future(send(running)), _MOVING, sorted(FINAL))
        await _run_until(running, asyncio.ensure_future(announce(running)), _UNSAID)


async def _run_until(running: Running, task: "asyncio.Future[None]", more: str, *values: object) -> None:
    """Let a part work until no row of ``more`` is left, then stop it as the process would."""
    await eventually(partial(_is_none, running, more, *values), seconds=50)
    running.stopping.set()
    await task
    running.stopping = asyncio.Event()


async def _is_none(running: Running, query: str, *values: object) -> bool:
    async with question(running.doors.sessions) as connection:
        return not await connection.fetchval(query, *values)


async def lapse(database: Database) -> None:
    """Let so much time pass that the lease of a sender that died has run out."""
    await database.connection.execute(_LAPSE)
