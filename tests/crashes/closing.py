"""The day's slices: billing works the first day of a quarter, slice by slice, and closes it through the real broker."""

import asyncio
from functools import partial

from shared.bus import gate
from shared.bus.service import Running
from shared.db.engine import question
from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import billing_of
from tests.crashes.relaying import elected
from tests.crashes.story import DAY
from tests.support.bus import eventually

COUNTED = frozenset({"DayGate.run"})
MOMENTS = frozenset({ANSWERED})


async def work(case: Case) -> None:
    """Close the day that has ended, if it is not closed yet, and relay what that says."""
    async with billing_of(case) as running:
        relay = await elected(running.relay)
        day = asyncio.create_task(running.day.run())
        await eventually(partial(_is_closed, running), seconds=50)
        running.day.stopping.set()
        running.day.wake.set()
        await day
        assert await running.relay.drain()
        running.relay.stopping.set()
        running.relay.wake.set()
        await relay


async def _is_closed(running: Running) -> bool:
    async with question(running.doors.sessions) as connection:
        return (await gate.read(connection)).last_closed == DAY
