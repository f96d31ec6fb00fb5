"""A small service on the real bus: its handlers write what they see, so that tests can count it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from shared.bus.handlers import Router
from shared.bus.service import Running, Service, build, run_parts
from shared.bus.work import Work
from shared.db.engine import driver
from shared.embedded.databases import ServiceUrls
from shared.events.base import Event
from shared.events.decode import decode
from shared.events.topics import Channel, heard_by
from shared.settings import ServiceSettings
from tests.support.kafka_tools import PARTITIONS, KafkaTools

Behaviour = Callable[[Work, Event[Any]], Awaitable[None]]


class Recorder:
    """Handlers for everything a service hears; a test may give a channel a behaviour of its own."""

    def __init__(self, service: str) -> None:
        self.router = Router()
        self.behaviours: dict[str, Behaviour] = {}
        for channel in heard_by(service):
            if not channel.single:
                self.router.hears(channel)(self._handler(channel))

    def _handler(self, channel: Channel) -> Callable[[Work, Sequence[Event[Any]]], Awaitable[None]]:
        async def handle(work: Work, events: Sequence[Event[Any]]) -> None:
            connection = await driver(work.session)
            for event in events:
                behaviour = self.behaviours.get(channel.topic)
                if behaviour is not None:
                    await behaviour(work, event)
                if event.uid not in work.verdicts:
                    await connection.execute(
                        "insert into public.seen (uid, topic, key, pence, book) values ($1, $2, $3, $4, $5)",
                        event.uid, channel.topic, event.key, event.pence, work.book,
                    )  # fmt: skip

        return handle


SEEN = """
create table public.seen (n bigserial primary key, uid uuid not null, topic text not null, key text not null,
  pence bigint not null, book date not null);
grant select, insert on public.seen to public; grant usage on sequence public.seen_n_seq to public;
grant usage on schema public to public;
"""


async def prepare(urls: ServiceUrls) -> None:
    """Make the table that the recorder writes to."""
    connection = await asyncpg.connect(urls.owner_url)
    await connection.execute(SEEN)
    await connection.close()


def settings(urls: ServiceUrls, bootstrap: str, prefix: str, **more: Any) -> ServiceSettings:
    """Return a service's settings for this test's servers."""
    return ServiceSettings(
        database_url=urls.app_url, kafka=bootstrap, topic_prefix=prefix, partitions=PARTITIONS, **more
    )


@asynccontextmanager
async def running(service: Service, configuration: ServiceSettings) -> AsyncIterator[Running]:
    """Run a service in this process until the block ends; leaving drains it."""
    built = build(service, configuration)
    task = asyncio.ensure_future(run_parts(built))
    try:
        yield built
    finally:
        built.stopping.set()
        await asyncio.wait_for(task, 40)


async def eventually(check: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
    """Return the first true answer of ``check``; fails with the last one after ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        answer = await check()
        if answer:
            return answer
        assert time.monotonic() < end, f"still {answer!r} after {seconds} s"
        await asyncio.sleep(0.02)


async def heard(kafka: KafkaTools, channel: Channel) -> list[Any]:
    """Return the data of everything on one of our topics."""
    events = [decode(record) for record in await kafka.read_all(channel.topic)]
    assert all(isinstance(event, Event) for event in events)
    return [event.data for event in events if isinstance(event, Event)]


def cloud_event(topic: str, data: dict[str, Any], event_id: str, *, source: str = "housing/test") -> bytes:
    """Return an event in structured mode, as a producer with kcat would write it."""
    return json.dumps(
        {
            "specversion": "1.0", "id": event_id, "source": source, "type": f"{topic}.v1",
            "time": datetime.now(UTC).isoformat(), "data": data,
        }
    ).encode()  # fmt: skip
