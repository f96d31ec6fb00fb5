"""A service as a process: serve, migrate, check, and what `closebook rebuild` needs; its exit codes say what to do."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import FastAPI

from shared import metrics
from shared import settings as configuration
from shared.auth import TokenVerifier
from shared.auth_keys import KeySource
from shared.bus import heap, status
from shared.bus.api import bus_router
from shared.bus.checking import Checking
from shared.bus.failures import FailureKind, kind_of
from shared.bus.measuring import Measuring
from shared.bus.service import Running, Service, build, on_signals, run_parts
from shared.db import schema_version
from shared.exit_codes import EXIT_ABANDONED, EXIT_CLEAN, EXIT_CONFIGURATION, EXIT_FORGOTTEN, EXIT_TEMPORARY
from shared.health import PROGRESS_SECONDS, Health, monitor, private_app
from shared.log_events import LogEvent
from shared.logs import configure, flush, log
from shared.rebuild.process import adopt, rebuild
from shared.rebuild.remembering import remember
from shared.rebuild.retaking import OtherwiseError
from shared.settings import ServiceSettings
from shared.web import WebServer, create_app

_ANSWERING = ("rebuild", "adopt")
"""Verbs of `closebook rebuild`, not for typing: the order comes on standard input, and standard output is the answer.

What they apply was logged when it happened.
"""
_PATIENCE_S = 60.0
_LOOK_S = 0.5

_Settings = TypeVar("_Settings", bound=ServiceSettings)


def main(build_service: Callable[[_Settings], Service], kind: type[_Settings]) -> None:
    """Run the verb of the command line and leave the process with its exit code."""
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    verbs = {"serve": _serve, "migrate": _migrate, "check": _check, "rebuild": rebuild, "adopt": adopt}
    if verb not in verbs:
        print(f"usage: python -m services.{kind.service} serve|migrate|check", file=sys.stderr)  # noqa: T201 - no log yet
        raise SystemExit(EXIT_CONFIGURATION)
    settings = configuration.read(kind)
    service = build_service(settings)
    work = verbs[verb](service, settings)
    if verb not in _ANSWERING:
        configure(service.name, version=settings.version, environment=settings.environment, level=settings.log_level)
        work = _told(work)
    heap.settle()
    code = asyncio.run(work)
    log(LogEvent.EXIT, code=code)
    flush()
    raise SystemExit(code)


async def _told(work: Awaitable[int]) -> int:
    """Return a verb's exit code; what it fails with is one line of the log, and the code says whether to try again."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the process ends: nobody after us could tell of it
        if kind_of(error) is FailureKind.TRANSIENT:
            log(LogEvent.START_FAILED, error=error)
            return EXIT_TEMPORARY
        log(LogEvent.UNEXPECTED_ERROR, error=error)
        return EXIT_ABANDONED


async def _migrate(service: Service, settings: ServiceSettings) -> int:
    """Bring the database to this code's schema and make the positions of all partitions."""
    from shared.db import migrate  # noqa: PLC0415 - Alembic takes a tenth of a start, and serving needs none of it

    await migrate.upgrade(settings.migration_url, service.name)
    made = await migrate.bootstrap_positions(settings.migration_url, service.name, settings.partitions)
    log(LogEvent.SCHEMA_CHECKED, version=schema_version.needed(service.name), positions=made)
    return 0


async def _check(service: Service, settings: ServiceSettings) -> int:
    """Say whether the database has the schema this code needs."""
    return 0 if await _schema_is_right(service, settings) else EXIT_TEMPORARY


async def _schema_is_right(service: Service, settings: ServiceSettings) -> bool:
    """Compare schema versions; a database that is away gets a minute."""
    needed, end = schema_version.needed(service.name), time.monotonic() + _PATIENCE_S
    while True:
        try:
            found = await schema_version.found(settings.database_url.get_secret_value(), service.name)
            break
        except Exception as error:  # noqa: BLE001 - away or starting is worth waiting for, anything else is not
            log(LogEvent.RETRYING, error=error)
            if kind_of(error) is not FailureKind.TRANSIENT or time.monotonic() > end:
                log(LogEvent.START_FAILED, error=error)
                return False
            await asyncio.sleep(_LOOK_S)
    log(LogEvent.SCHEMA_CHECKED if found == needed else LogEvent.SCHEMA_MISMATCH, found=found, needed=needed)
    return found == needed


async def _serve(service: Service, settings: ServiceSettings) -> int:
    """Check, build, open the ports and run until told to stop."""
    log(LogEvent.SERVICE_STARTING, kafka=settings.kafka, prefix=settings.topic_prefix)
    log(LogEvent.CONFIG_LOADED, hash=settings.digest, names=settings.named)
    metrics.CONFIG.labels(settings.digest).set(1)
    if not await _schema_is_right(service, settings):
        return EXIT_TEMPORARY
    running = build(service, settings)
    on_signals(running)
    health = Health(service.name, schema_ok=True, retaking=running.retaking)
    measuring = Measuring(running, health)
    metrics.BUILD.labels(settings.version, schema_version.needed(service.name)).set(1)
    private = WebServer(
        private_app(health, facts=lambda: status.facts(running), refresh=measuring.refresh),
        host=settings.private_host,
        port=settings.private_port,
    )
    public = WebServer(_api(running), host=settings.api_host, port=settings.api_port)
    log(LogEvent.LISTENING, api=public.bind(), private=private.bind())
    # Remembering may take hours after a restore: whoever watches sees that it lives, and how far it has come.
    serving = asyncio.ensure_future(private.run())
    watched = [asyncio.ensure_future(part) for part in (_outlives(serving, running), _monitor(running, health))]
    try:
        code = await _remembered(running)
        if code is not None:
            running.stopping.set()
            await asyncio.wait(watched)
            return code
        more = (_web(public, running), _watch(running, health), measuring.run(), Checking(running).run())
        return await run_parts(running, (*watched, _drains(running, health), *more))
    finally:
        private.stop()
        await asyncio.wait([serving])


async def _remembered(running: Running) -> int | None:
    """Make the database know all that was said; returns the exit code if the process is to end without speaking."""
    remembering = asyncio.ensure_future(_may_speak(running))
    stop = asyncio.ensure_future(running.stopping.wait())
    await asyncio.wait([remembering, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if remembering.done():
        return None if remembering.result() else EXIT_FORGOTTEN
    remembering.cancel()
    await asyncio.wait([remembering])
    return EXIT_CLEAN


async def _may_speak(running: Running) -> bool:
    """Say whether the database knows all that the service ever said; Kafka gets a minute to answer."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            await remember(running)
        except OtherwiseError as error:
            log(LogEvent.SAID_IS_FORGOTTEN, detail=str(error))
            return False
        except Exception as error:  # Kafka or the database is away: nothing is said before they answer
            log(LogEvent.RETRYING, error_type=type(error).__name__)
            if time.monotonic() > end:
                raise
            await asyncio.sleep(_LOOK_S)
        else:
            return True


def _api(running: Running) -> FastAPI:
    """Build the staff API: the service's own questions and commands, and the operator's bench."""
    settings = running.settings
    verifier = TokenVerifier(KeySource(settings.jwks or ""), issuer=settings.issuer, audience=settings.audience)
    own = [running.service.api(running)] if running.service.api else []
    title, routers = f"Closebook {running.service.name}", [*own, bus_router(running)]
    limits = {"requests_per_minute": settings.requests_per_minute, "open_per_address": settings.open_per_address}
    return create_app(title, routers, verifier, **limits)


async def _web(server: WebServer, running: Running) -> None:
    """Serve until the process stops."""
    task = asyncio.ensure_future(server.run())
    stop = asyncio.ensure_future(running.stopping.wait())
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await task


async def _outlives(serving: asyncio.Task[None], running: Running) -> None:
    """End when the process is to stop; a private port that closes before that ends the process."""
    stop = asyncio.ensure_future(running.stopping.wait())
    await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if serving.done():
        await serving


async def _drains(running: Running, health: Health) -> None:
    """Say from the first moment on that the process is stopping, for whoever sends it requests."""
    await running.stopping.wait()
    health.draining = True


async def _monitor(running: Running, health: Health) -> None:
    """Ping the database and watch the event loop."""
    await monitor(health, lambda: status.ping(running), running.stopping)


async def _watch(running: Running, health: Health, patience_s: float = PROGRESS_SECONDS) -> None:
    """Follow progress; a consumer whose task ended ends the process (watchdog).

    One that stands still with records before it is not ready (``progress``) and rings ConsumerStuck: from here it
    looks like one that waits for a full disk or a broker, which starting again does not mend.
    """
    health.watch("relay", patience_s)
    while not running.stopping.is_set():
        health.startup_done = running.consumer.started
        health.progress_at = max(health.progress_at, running.consumer.progress_at)
        health.stopped = frozenset(str(state.stopped) for state in running.pump.lanes.values() if state.stopped)
        if time.monotonic() - running.relay.turned_at < patience_s:
            health.beat("relay")
        if running.consumer.died:
            raise RuntimeError(EXIT_ABANDONED)
        await asyncio.sleep(_LOOK_S)
