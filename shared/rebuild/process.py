"""``python -m services.<name> rebuild``: builds the database anew, compares it, and tells both on standard output.

The order comes on standard input as one JSON object, ``{"live": URL, "senders": {service: URL}}``, so that no password
is in a command line; every line of the answer is one JSON object with ``done`` and ``of``, ``result`` or ``error``.
"""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import asyncpg

from shared.bus.commands import topic_of
from shared.bus.service import Service
from shared.bus.transaction import Doors
from shared.db.engine import create_engine, libpq_url, session_factory
from shared.rebuild import adoption, comparison, guide
from shared.rebuild.comparison import Difference
from shared.rebuild.likeness import Likeness, of_the_bus
from shared.rebuild.replay import OtherBookError, Replay, read_ahead
from shared.rebuild.source import GoneError, Records
from shared.settings import ServiceSettings

_LINES = 100
"""Progress is told about so often."""
EXIT_DIFFERENT, EXIT_IMPOSSIBLE = 1, 65


class NotNowError(Exception):
    """The live database cannot be a guide as it stands; the text is a sentence for people."""


async def rebuild(service: Service, settings: ServiceSettings) -> int:
    """Do what standard input orders; returns 0 when all is equal, 1 when something differs, 65 when it failed."""
    order = json.loads(sys.stdin.read())
    likeness = service.likeness
    if likeness is None:
        _tell(error=f"The database of {service.name} cannot be rebuilt: Kafka keeps what it hears for 30 days only.")
        return EXIT_IMPOSSIBLE
    try:
        found = await _rebuild(service, likeness, settings, order)
    except (GoneError, OtherBookError, NotNowError) as error:
        _tell(error=str(error))
        return EXIT_IMPOSSIBLE
    _tell(result=[one.as_json() for one in found])
    return EXIT_DIFFERENT if any(one.differ for one in found) else 0


async def adopt(service: Service, _settings: ServiceSettings) -> int:
    """Let the database ``fresh`` of the order take over from ``live`` what is not derived."""
    order = json.loads(sys.stdin.read())
    live, fresh = await asyncpg.connect(libpq_url(order["live"])), await asyncpg.connect(libpq_url(order["fresh"]))
    try:
        await adoption.adopt(live, fresh, service.likeness.carried if service.likeness else ())
    finally:
        await live.close()
        await fresh.close()
    _tell(result="adopted")
    return 0


async def _rebuild(
    service: Service, likeness: Likeness, settings: ServiceSettings, order: Mapping[str, Any]
) -> list[Difference]:
    """Migrate the fresh database, bring it forward, and compare it with the live one as it stood at one moment."""
    from shared.db import migrate  # noqa: PLC0415 - Alembic, which serving needs none of

    await migrate.upgrade(settings.migration_url, service.name)
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(_one_moment(order["live"]))
        if await live.fetchval("select working is not null from msg.gate"):
            raise NotNowError("The live database is in the middle of a day's work: try again when the day is closed.")
        senders = {name: await stack.enter_async_context(_one_moment(url)) for name, url in order["senders"].items()}
        await _bring_forward(service, likeness, settings, live, senders)
        fresh = await stack.enter_async_context(_one_moment(settings.migration_url))
        names = await comparison.references(live, service.name)
        compared = (*likeness.compared, *of_the_bus((*likeness.outside, topic_of(service.name))))
        return [await comparison.compare(live, fresh, one, names) for one in compared]


@asynccontextmanager
async def _one_moment(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that sees the database as it stood at one moment, and cannot change it."""
    connection = await asyncpg.connect(libpq_url(url), server_settings={"timezone": "UTC"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


async def _bring_forward(
    service: Service,
    likeness: Likeness,
    settings: ServiceSettings,
    live: asyncpg.Connection,
    senders: Mapping[str, asyncpg.Connection],
) -> None:
    """Apply everything that the live database ever took in."""
    wanted = await guide.wanted(live)
    total, done, told = sum(map(len, wanted.values())), 0, 0
    records = Records(
        settings.kafka, wanted, senders, prefix=settings.topic_prefix, access=settings.kafka_access
    )  # fmt: skip
    engine = create_engine(settings.database_url.get_secret_value(), application_name=f"{service.name}-rebuild")
    replay = Replay(service, likeness, Doors(service.name, session_factory(engine), lambda: None), records)
    try:
        await records.start()
        steps = guide.steps(live, service.name, likeness.deeds)
        async with aclosing(read_ahead(steps, replay.read)) as read:
            async for step, taken in read:
                await replay.take(step, taken)
                done += len(step.rows)
                if done >= told + total / _LINES:
                    told = done
                    _tell(done=done, of=total, book=step.book.isoformat())
        await replay.forget_outbox()
    finally:
        await records.stop()
        await engine.dispose()


def _tell(**words: Any) -> None:
    """Write one line of the answer."""
    sys.stdout.write(json.dumps(words, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
