"""A recording billing service on real servers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.bus.service import Running, Service
from shared.embedded.databases import ServiceUrls
from shared.embedded.stack import KafkaServer
from shared.logs import capture
from tests.support import bus
from tests.support.kafka_tools import KafkaTools
from tests.support.servers import Databases


@dataclass
class Bench:
    """A service that records, its database, and Kafka under this test's prefix."""

    service: Service
    recorder: bus.Recorder
    urls: ServiceUrls
    kafka: KafkaTools
    sql: asyncpg.Connection

    def settings(self, **more: Any) -> Any:
        return bus.settings(self.urls, self.kafka.bootstrap, self.kafka.prefix, **more)

    def running(self, **more: Any) -> Any:
        return bus.running(self.service, self.settings(**more))

    async def count(self, table: str, where: str = "true") -> int:
        return int(await self.sql.fetchval(f"select count(*) from {table} where {where}"))

    async def row(self, query: str) -> asyncpg.Record:
        found = await self.sql.fetchrow(query)
        assert found is not None
        return found

    async def seen(self) -> list[str]:
        rows = await self.sql.fetch("select topic, pence from public.seen order by n")
        return [f"{row['topic']}:{row['pence']}" for row in rows]


Benches = Callable[[str], Awaitable[Bench]]


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[dict[str, Any]]]:
    """The log lines of the test; printed, so that a failure shows them."""
    with capture() as captured:
        yield captured
    for line in captured:
        print(line)  # noqa: T201 - pytest shows it with a failure


@pytest_asyncio.fixture
async def benches(databases: Databases, kafka: KafkaTools, kafka_server: KafkaServer) -> AsyncIterator[Benches]:
    made: list[Bench] = []

    async def bench(name: str) -> Bench:
        urls = await databases(name)
        await bus.prepare(urls)
        recorder = bus.Recorder(name)
        sql = await asyncpg.connect(urls.owner_url)
        made.append(Bench(Service(name, recorder.router), recorder, urls, kafka, sql))
        return made[-1]

    await kafka.provide()
    yield bench
    for item in made:
        await item.sql.close()


@pytest_asyncio.fixture
async def billing(benches: Benches) -> Bench:
    return await benches("billing")


__all__ = ["Bench", "Running"]
