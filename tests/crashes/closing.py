"""The day's slices: billing works the first day of a quarter, slice by slice, and closes it through the real broker."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from functools import partial

import asyncpg

from shared.bus import gate
from shared.bus.service import Running
from shared.events.topics import said_by
from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import billing_of, watching
from tests.crashes.relaying import elected
from tests.crashes.story import DAY
from tests.support.bus import eventually

COUNTED = frozenset({"DayGate.run"})
MOMENTS = frozenset({ANSWERED})


async def work(case: Case) -> None:
    """Close billing's day."""
    await close(case, billing_of, DAY)


async def close(case: Case, opened: Callable[[Case], AbstractAsyncContextManager[Running]], day: date) -> None:
    """Close the day that has ended, if it is not closed yet, and relay what that says."""
    async with opened(case) as running, watching(case) as connection:
        relay = await elected(running.relay)
        # Connects now: how many awaits that takes is the library's affair.
        await running.cuts.ends_by_topic(channel for channel in said_by(running.service.name) if not channel.single)
        working = asyncio.create_task(running.day.run())
        await eventually(partial(_is_closed, connection, day), seconds=50)
        running.day.stopping.set()
        running.day.wake.set()
        await working
        assert await running.relay.drain()
        running.relay.stopping.set()
        running.relay.wake.set()
        await relay


async def _is_closed(connection: asyncpg.Connection, day: date) -> bool:
    return (await gate.read(connection)).last_closed == day
