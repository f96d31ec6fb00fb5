"""The relay's pages: everything that billing has said goes to the real broker, in order."""

import asyncio
from functools import partial

from shared.bus.relay import Relay
from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED, ASKED
from tests.crashes.parts import billing_of
from tests.support.bus import eventually

PAGE = 12
"""Events in a page."""

COUNTED = frozenset({"Relay.run"})
MOMENTS = frozenset({ASKED, ANSWERED})


async def work(case: Case) -> None:
    """Relay until the broker has everything."""
    async with billing_of(case) as running:
        task = await elected(running.relay)
        assert await running.relay.drain()
        running.relay.stopping.set()
        running.relay.wake.set()
        await task


async def elected(relay: Relay) -> "asyncio.Task[None]":
    """Start a relay and return its task when it leads."""
    task = asyncio.create_task(relay.run())
    await eventually(partial(_leads, relay), seconds=50)
    return task


async def _leads(relay: Relay) -> bool:
    return relay.leads
