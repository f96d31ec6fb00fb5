"""Runs one service's process: consumer, relay, day gate and what runs beside them, until it is told to stop."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg
from aiokafka import AIOKafkaProducer
from fastapi import APIRouter
from faststream.kafka import KafkaBroker
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus import days
from shared.bus.batch import Applier
from shared.bus.consumer import Consumer
from shared.bus.cuts import Cuts
from shared.bus.day import DayGate, DayWork, nothing_to_do
from shared.bus.handlers import Router
from shared.bus.latecomers import Latecomers
from shared.bus.proposals import Kind
from shared.bus.pump import Limits, Pump
from shared.bus.purging import DEAD_LETTERS, Purge
from shared.bus.redrive import BusRedriver
from shared.bus.relay import Relay
from shared.bus.secured import in_faststreams_words
from shared.bus.transaction import Doors
from shared.db.engine import connect, create_engine, session_factory
from shared.events.topics import DAY_CLOSED, DAY_ENDED, heard_by
from shared.exit_codes import EXIT_ABANDONED, EXIT_CLEAN
from shared.health import Retaking
from shared.log_events import LogEvent
from shared.logs import log
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.rebuild.likeness import Likeness

_DRAIN_S = 12.0


@dataclass(frozen=True)
class Service:
    """What one service brings: its handlers, its day's work, its API and the tasks that run beside them.

    ``status`` adds to the status page, ``figures`` sets the service's own metrics before they are read; ``kinds`` are
    its commands that need two people; ``likeness`` is what a rebuild of its database must equal; ``checks`` says
    of what must hold at every commit what does not, in words; ``purges`` are its bytes that age.
    """

    name: str
    router: Router
    day_work: DayWork = nothing_to_do
    api: Callable[["Running"], APIRouter] | None = None
    tasks: tuple[Callable[["Running"], Awaitable[None]], ...] = ()
    status: Callable[["Running"], Awaitable[dict[str, object]]] | None = None
    figures: Callable[["Running"], Awaitable[None]] | None = None
    kinds: tuple[Kind, ...] = ()
    likeness: "Likeness | None" = None
    checks: Callable[[asyncpg.Connection], Awaitable[dict[str, str]]] | None = None
    purges: tuple[Purge, ...] = ()


@dataclass
class Running:
    """The built parts of one running service; its API and its tasks work with them.

    The API has doors of its own, ``api_doors``: answers that take long leave events and days their connections.
    """

    service: Service
    settings: ServiceSettings
    engine: AsyncEngine
    api_engine: AsyncEngine
    doors: Doors
    api_doors: Doors
    consumer: Consumer
    pump: Pump
    relay: Relay
    day: DayGate
    cuts: Cuts
    redriver: BusRedriver
    broker: KafkaBroker
    retaking: Retaking = field(default_factory=Retaking)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    day_closed: asyncio.Event = field(default_factory=asyncio.Event)


def build(service: Service, settings: ServiceSettings) -> Running:
    """Wire one service together; nothing connects yet."""
    owner = f"{socket.gethostname()}-{os.getpid()}"
    router = with_days(service)
    engine, api_engine = _engines(service, settings)
    doors, api_doors = (
        Doors(service.name, session_factory(pool), lambda: _committed(running)) for pool in (engine, api_engine)
    )
    access = settings.kafka_access
    cuts = Cuts(settings.kafka, prefix=settings.topic_prefix, partitions=settings.partitions, access=access)
    applier = Applier(service.name, router)
    pump = Pump(doors, applier, Limits(settings.dead_letters_in_row))
    consumer = Consumer(pump, doors, cuts, prefix=settings.topic_prefix, owner=owner)
    addresses = settings.kafka.split(",")  # FastStream takes one text for one address
    broker = KafkaBroker(
        addresses, logger=None, allow_auto_create_topics=False, graceful_timeout=_DRAIN_S, apply_types=False,
        consumer_only=True, client_id=f"closebook-{service.name}", security=in_faststreams_words(access),
    )  # fmt: skip
    consumer.subscribe(broker, max_records=settings.batch_records)
    relay = Relay(
        lambda: connect(settings.database_url.get_secret_value(), application_name=f"closebook-{service.name}-relay"),
        lambda: _producer(settings), prefix=settings.topic_prefix, holder=owner,
    )  # fmt: skip
    late = Latecomers(doors, applier, cuts)
    purges = (DEAD_LETTERS, *service.purges)
    day = DayGate(doors, relay, cuts, late, service.day_work, lambda: _day_closed(running), purges, pump.stops)
    running = Running(
        service, settings, engine, api_engine, doors, api_doors, consumer, pump, relay, day, cuts,
        BusRedriver(api_doors, applier), broker,
    )  # fmt: skip
    return running


def _engines(service: Service, settings: ServiceSettings) -> tuple[AsyncEngine, AsyncEngine]:
    """Return the pool of the bus and of what runs beside it, and one of half its size for the staff API."""
    url, name = settings.database_url.get_secret_value(), f"closebook-{service.name}"
    return (
        create_engine(url, application_name=name, pool_size=settings.pool_size),
        create_engine(url, application_name=f"{name}-api", pool_size=settings.pool_size // 2, ping=True),
    )


def with_days(service: Service) -> Router:
    """Add the bus's own handlers for days to the service's."""
    service.router.check(service.name)
    router = Router()
    router.handlers = dict(service.router.handlers)
    router.hears(DAY_ENDED)(days.end_days)
    for name, channel in DAY_CLOSED.items():
        if service.name in channel.heard_by and name != service.name:
            router.hears(channel)(days.note_upstream)
    return router


def _producer(settings: ServiceSettings) -> AIOKafkaProducer:
    """Return the relay's producer: every record acknowledged by all, in order, without lingering (measured)."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=131_072,
        request_timeout_ms=10_000, max_request_size=1_048_576, **settings.kafka_access.options(),
    )  # fmt: skip


def _committed(running: Running) -> None:
    """A transaction committed: there may be something to relay, and the day may have what it waited for."""
    running.relay.wake.set()
    running.day.wake.set()


def _day_closed(running: Running) -> None:
    """The gate is open again: batches go on, lanes that were ahead are read, tasks that follow days look."""
    running.pump.gate_opened.set()
    running.consumer.nudge.set()
    running.day_closed.set()


async def run_parts(running: Running, extra: tuple[Awaitable[None], ...] = ()) -> int:
    """Run a built service until its stopping event; returns the exit code."""
    parts: list[asyncio.Task[None]] = []
    started = time.monotonic()
    try:
        await running.consumer.start(running.broker)
        tasks = (task(running) for task in running.service.tasks)
        own = (running.relay.run(), running.day.run(), running.consumer.watch())
        parts += [asyncio.ensure_future(part) for part in (*own, *extra, *tasks)]
        log(
            LogEvent.READY,
            duration_ms=round((time.monotonic() - started) * 1000),
            topics=len(heard_by(running.service.name)),
        )
        stop = asyncio.ensure_future(running.stopping.wait())
        await asyncio.wait([stop, *parts], return_when=asyncio.FIRST_COMPLETED)
        died = [part for part in parts if part.done() and not running.stopping.is_set()]
        for part in died:
            log(LogEvent.WATCHDOG_EXIT, error_type=type(part.exception()).__name__, detail=part.get_name())
        clean = await drain(running, parts)
        return EXIT_CLEAN if clean and not died else EXIT_ABANDONED
    finally:
        await running.engine.dispose()
        await running.api_engine.dispose()


async def drain(running: Running, parts: list[asyncio.Task[None]]) -> bool:
    """Stop in order, each step within its budget: consumer, relay, day, the rest; true when nothing was abandoned."""
    log(LogEvent.DRAINING)
    running.stopping.set()
    running.day.stopping.set()
    running.day.wake.set()
    running.pump.stopping.set()
    clean = await _within(_DRAIN_S, running.consumer.drain())
    clean &= await _within(_DRAIN_S, running.broker.stop())
    running.relay.stopping.set()
    running.relay.wake.set()
    if parts:
        _, left = await asyncio.wait(parts, timeout=_DRAIN_S)
        for task in left:
            task.cancel()
        clean &= not left
    await running.cuts.stop()
    log(LogEvent.DRAINED if clean else LogEvent.ABANDONED)
    return clean


async def _within(seconds: float, step: Awaitable[object]) -> bool:
    """Await a step for so long and no longer; a client whose broker is gone may never return or cancel itself."""
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait([task], timeout=seconds)
    if not done:
        task.cancel()
    return bool(done)


def on_signals(running: Running) -> None:
    """Stop on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stopping.set)
