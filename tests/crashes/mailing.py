"""The mail's dispatch: notify hands its letters to a mail server, one by one."""

import asyncio
from functools import partial

import asyncpg

from services.notify.domain.dispatch import FINAL
from shared.bus.service import Running
from tests.crashes.case import Case
from tests.crashes.database import Database
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import notify_of, watching
from tests.support.bus import eventually

COUNTED = frozenset({"Sender.run"})
MOMENTS = frozenset({ANSWERED})
_MOVING = "select exists (select from notify.messages where state <> all($1::text[]))"
_LAPSE = "update notify.messages set lease_until = now() - interval '1 second' where claim is not null"


async def work(case: Case) -> None:
    """Send until every letter has come to its end."""
    async with notify_of(case) as running:
        send, _print, _announce = running.service.tasks
        await run_until_none(case, running, asyncio.ensure_future(send(running)), _MOVING, sorted(FINAL))


async def run_until_none(
    case: Case, running: Running, task: "asyncio.Future[None]", more: str, *values: object
) -> None:
    """Let a part work until no row of ``more`` is left, then stop it as the process would."""
    async with watching(case) as connection:
        await eventually(partial(_is_none, connection, more, *values), seconds=50)
    running.stopping.set()
    await task


async def _is_none(connection: asyncpg.Connection, query: str, *values: object) -> bool:
    return not await connection.fetchval(query, *values)


async def lapse(database: Database) -> None:
    """Let so much time pass that the lease of a sender that died has run out."""
    await database.connection.execute(_LAPSE)
