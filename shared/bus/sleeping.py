"""Sleeping that an event ends: whoever waits stops at once when told to."""

import asyncio


async def sleep_unless(event: asyncio.Event, seconds: float) -> bool:
    """Sleep, but wake at once when ``event`` is set; returns whether it is."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    return event.is_set()
