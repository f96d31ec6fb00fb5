"""What the background tasks share: waking without polling fast, and words for what failed."""

import asyncio

from shared.bus.failures import FailureKind, kind_of
from shared.log_events import LogEvent
from shared.logs import log


class Bell:
    """Rung when letters were queued or ended; each listener hears every ring once."""

    def __init__(self) -> None:
        self._ears: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        """Return a listener's own ear, to be waited for and cleared by it."""
        ear = asyncio.Event()
        self._ears.append(ear)
        return ear

    def ring(self) -> None:
        """Wake all listeners."""
        for ear in self._ears:
            ear.set()


async def wait(ear: asyncio.Event, seconds: float) -> None:
    """Wait for a ring, at most ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await ear.wait()
    except TimeoutError:
        pass
    ear.clear()


def report(error: Exception, part: str) -> None:
    """Log what ended a round of a background task; the next round tries again, and leases keep what was claimed."""
    if kind_of(error) is FailureKind.TRANSIENT:
        log(LogEvent.RETRYING, error=error, part=part)
    else:
        log(LogEvent.UNEXPECTED_ERROR, error=error, part=part)
