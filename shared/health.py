"""Whether a process lives and is ready, and the private port that says so.

Alive never depends on PostgreSQL, Kafka or mail: starting again would not repair them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared import metrics
from shared.log_events import LogEvent
from shared.logs import log

PROGRESS_SECONDS = 60.0
PING_FRESH_SECONDS = 10.0
_PING_EVERY = 3.0
_TICK = 0.5
_SNAPSHOT_EVERY = 60.0

Ping = Callable[[], Awaitable[object]]
Facts = Callable[[], Awaitable[dict[str, object]]]


@dataclass(slots=True)
class _Beat:
    """A part of the process that must show signs of life."""

    limit: float
    at: float


@dataclass(slots=True)
class Retaking:
    """How far a database that was restored from an older backup has come; ``of`` is 0 until that is known."""

    under_way: bool = False
    taken: int = 0
    of: int = 0

    def as_json(self) -> dict[str, int] | None:
        """Return how many transactions have been taken in again, of how many; ``None``: nothing was forgotten."""
        return {"taken": self.taken, "of": self.of} if self.under_way else None


@dataclass
class Health:
    """What is known about one process; parts write to it, the private port reads it.

    ``beat(part)`` is a sign of life; a part is watched from its first ``watch``.  ``progressed()`` says that records
    moved, ``caught_up`` that there is nothing to move; ``stopped`` are the events that stopped partitions.
    """

    service: str
    startup_done: bool = False
    schema_ok: bool = False
    draining: bool = False
    retaking: Retaking = field(default_factory=Retaking)
    stopped: frozenset[str] = frozenset()
    caught_up: bool = True
    progress_at: float = field(default_factory=time.monotonic)
    ping_at: float = float("-inf")
    beats: dict[str, _Beat] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def watch(self, part: str, limit: float = PROGRESS_SECONDS) -> None:
        """Expect a beat of ``part`` at least every ``limit`` seconds from now on."""
        self.beats[part] = _Beat(limit, self.clock())

    def beat(self, part: str) -> None:
        """Note that ``part`` lives."""
        if part in self.beats:
            self.beats[part].at = self.clock()

    def progressed(self) -> None:
        """Note that records moved."""
        self.progress_at = self.clock()

    def pinged(self) -> None:
        """Note that the database has just answered in time."""
        self.ping_at = self.clock()

    def dead(self) -> list[str]:
        """Return the parts that have been silent for too long."""
        now = self.clock()
        return sorted(part for part, beat in self.beats.items() if now - beat.at > beat.limit)

    def unready(self) -> list[str]:
        """Return why nobody should rely on this process now; empty when it is ready."""
        return [name for name, failing in self._reasons().items() if failing] + self.dead()

    def degraded(self) -> list[str]:
        """Return why partitions of this process stand still until a person looks; requests may come all the same.

        Source: docs/decisions/0016.
        """
        return sorted(self.stopped)

    def show(self) -> None:
        """Set the figure of each reason; silent parts are one reason, so that the labels are a closed list."""
        for name, failing in {**self._reasons(), "silent": bool(self.dead())}.items():
            metrics.UNREADY.labels(name).set(failing)

    def _reasons(self) -> dict[str, bool]:
        now = self.clock()
        return {
            "starting": not self.startup_done,
            "retaking": self.retaking.under_way,
            "draining": self.draining,
            "schema": not self.schema_ok,
            "database": now - self.ping_at > PING_FRESH_SECONDS,
            "progress": not self.caught_up and now - self.progress_at > PROGRESS_SECONDS,
        }


async def monitor(health: Health, ping: Ping, stopping: asyncio.Event) -> None:
    """Measure the event loop, ping the database and write the figures to the log once a minute, until ``stopping``."""
    pinged = snapshot = float("-inf")
    while not stopping.is_set():
        expected = time.monotonic() + _TICK
        await asyncio.sleep(_TICK)
        now = time.monotonic()
        metrics.LOOP_LAG.set(now - expected)
        metrics.PROGRESS.set(now - health.progress_at)
        if now - pinged >= _PING_EVERY:
            pinged = now
            await _ping(health, ping)
        if now - snapshot >= _SNAPSHOT_EVERY:
            snapshot = now
            log(LogEvent.METRICS_SNAPSHOT, **metrics.snapshot())


async def _ping(health: Health, ping: Ping) -> None:
    """One round trip within a second; a database that is away is not this monitor's failure."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(1.0):
            await ping()
    except Exception:  # noqa: BLE001 - whatever it is, the database did not answer; readiness says so
        return
    metrics.DB_SECONDS.set(time.monotonic() - started)
    health.pinged()


def private_app(health: Health, *, facts: Facts | None = None, refresh: Ping | None = None) -> Starlette:
    """Return the app of the private port.

    ``facts`` adds to ``/statusz``; ``refresh`` measures anew before ``/metrics``.
    """

    async def livez(_: Request) -> Response:
        return _answer(health.dead())

    async def readyz(_: Request) -> Response:
        return _answer(health.unready(), degraded=health.degraded())

    async def startupz(_: Request) -> Response:
        # Whoever takes in again what a restored database forgot has its servers, and may need hours: let it.
        return _answer([] if health.startup_done or health.retaking.under_way else ["starting"])

    async def statusz(_: Request) -> Response:
        known: dict[str, object] = {"service": health.service, "unready": health.unready(), "silent": health.dead()}
        known |= {"degraded": health.degraded(), "retaking": health.retaking.as_json()}
        return JSONResponse(known | (await _within(facts) or {} if facts else {}))

    async def figures(_: Request) -> Response:
        if refresh is not None:
            await _within(refresh)
        health.show()
        return Response(metrics.page(), media_type=metrics.CONTENT_TYPE)

    pages = {"/livez": livez, "/readyz": readyz, "/startupz": startupz, "/statusz": statusz, "/metrics": figures}
    return Starlette(routes=[Route(path, page) for path, page in pages.items()])


def _answer(failing: list[str], **more: list[str]) -> Response:
    return JSONResponse({"ok": not failing, "failing": failing, **more}, status_code=503 if failing else 200)


async def _within(ask: Callable[[], Awaitable[object]], seconds: float = 1.5) -> dict[str, object] | None:
    """Ask, but answer without it rather than late: this port must work when the database does not."""
    try:
        async with asyncio.timeout(seconds):
            answer = await ask()
    except Exception as error:  # noqa: BLE001 - a status page that fails is no status page
        return {"incomplete": type(error).__name__}
    return answer if isinstance(answer, dict) else None
