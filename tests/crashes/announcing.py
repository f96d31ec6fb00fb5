"""The rest of the mail's dispatch: notify says what became of its letters."""

import asyncio

from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED
from tests.crashes.mailing import run_until_none
from tests.crashes.parts import notify_of

COUNTED = frozenset({"Announcer.run"})
MOMENTS = frozenset({ANSWERED})
_UNSAID = "select exists (select from notify.messages where not said)"


async def work(case: Case) -> None:
    """Say every letter's end."""
    async with notify_of(case) as running:
        _send, _print, announce = running.service.tasks
        await run_until_none(case, running, asyncio.ensure_future(announce(running)), _UNSAID)
