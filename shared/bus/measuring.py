"""Keeps a running service's figures true: before each reading by monitoring, and every few seconds without one."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.pool import QueuePool

from shared import metrics
from shared.bus import figures, gate, positions
from shared.bus.lag import Lags
from shared.bus.lanes import LaneState
from shared.bus.positions import Lane
from shared.bus.service import Running
from shared.bus.sleeping import sleep_unless
from shared.bus.waiting import DIFFERS
from shared.db.engine import question
from shared.health import Health
from shared.log_events import LogEvent

_DEADLINE_S = 1.0
_EVERY_S = 10.0


class Measuring:
    """Asks each source (database, Kafka, the service) at most once at a time, and waits for none of them long.

    A source that is away keeps its last figures; ``figures_read_timestamp_seconds`` says how old they are.
    """

    def __init__(self, running: Running, health: Health) -> None:
        self._running = running
        self._health = health
        self._lags = Lags(running.cuts)
        self._asked: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Measure until the service stops: readiness and the log's figures do not depend on anybody's scrapes."""
        while not await sleep_unless(self._running.stopping, _EVERY_S):
            await self.refresh()

    async def refresh(self) -> None:
        """Measure everything; what does not answer in time is left to answer later."""
        self._look_inside()
        own = self._running.service.figures
        sources: dict[str, Callable[[], Awaitable[None]]] = {"database": self._database, "kafka": self._kafka}
        if own is not None:
            sources["service"] = lambda: own(self._running)
        await asyncio.wait([self._ask(name, source) for name, source in sources.items()], timeout=_DEADLINE_S)

    def _ask(self, name: str, source: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Return the question to a source that is under way, or ask it."""
        asked = self._asked.get(name)
        if asked is None or asked.done():
            asked = self._asked[name] = asyncio.create_task(_noted(name, source))
        return asked

    def _look_inside(self) -> None:
        """Set what the process knows by itself."""
        stopped = Counter(str(state.stopped) for state in self._running.pump.lanes.values() if state.stopped)
        for event in _STOPPING:
            metrics.STOPPED.labels(event).set(stopped[event])
        oldest_ms = self._running.consumer.oldest_waiting_ms
        metrics.LAG_SECONDS.set(max(0.0, time.time() - oldest_ms / 1000) if oldest_ms is not None else 0)
        metrics.TOTALS_DIFFER.set(self._running.day.waiting_for.startswith(DIFFERS))
        pools = self._running.engine.pool, self._running.api_engine.pool
        metrics.POOL.set(sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool)))

    async def _database(self) -> None:
        await figures.refresh(self._running.doors.sessions)

    async def _kafka(self) -> None:
        """Measure the lag of every partition, and judge whether this process stands still with records before it."""
        async with question(self._running.doors.sessions) as connection:
            places = await positions.all_positions(connection)
            working = (await gate.read(connection)).working is not None
        found = await self._lags.measure(places)
        behind = {lane for lane, (_, lag) in found.items() if lag > 0}
        to_do = not working and self._to_do(behind)
        if working or not behind or (self._running.pump.lanes and not to_do):
            self._health.progressed()
        self._health.caught_up = not to_do
        metrics.HAS_WORK.set(to_do)

    def _to_do(self, behind: Collection[Lane]) -> bool:
        """Whether a lane that this process reads has records it need not wait for."""
        lanes = self._running.pump.lanes
        return any(lane in lanes and self._goes_on(lanes[lane]) for lane in behind)

    def _goes_on(self, state: LaneState) -> bool:
        """Whether a lane is neither stopped nor waits for our book (docs/decisions/0003)."""
        return state.stopped is None and not self._running.consumer.waits(state.lane)


_STOPPING = (
    LogEvent.QUARANTINE_TRIPPED.value,
    LogEvent.UNREAD_DATA_EXPIRED.value,
    LogEvent.POSITION_ABOVE_LOG_END.value,
    LogEvent.LOG_IDENTITY_MISMATCH.value,
)


async def _noted(name: str, source: Callable[[], Awaitable[None]]) -> None:
    """Ask a source and note when it answered; one that fails shows by the age of its figures."""
    try:
        await source()
    except Exception:  # noqa: BLE001 - monitoring must answer when nothing else does
        return
    metrics.READ_AT.labels(name).set_to_current_time()
