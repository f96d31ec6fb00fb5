"""What every benchmark stands on: the embedded servers, with the durability of production, and service processes."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from shared.cli.local_access import service_settings
from shared.db import migrate
from shared.embedded.databases import ServiceUrls, make_database, provision
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.ports import free_ports
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.process import ChildProcess, spawn
from shared.events.topics import heard_by, said_by
from shared.local_issuer import LocalIssuer
from tests.support.kafka_tools import PARTITIONS, KafkaTools

# fsync stays on.  The times of commits are kept: they say when a batch was there, without asking while it runs.
_SETTINGS = {"track_commit_timestamp": "on"}


@dataclass(slots=True)
class Office:
    """One service with a database and topics of its own; its process is started and stopped at will."""

    stage: "Stage"
    service: str
    urls: ServiceUrls
    kafka: KafkaTools
    sql: asyncpg.Connection
    program: tuple[str, ...]
    child: ChildProcess | None = None

    async def start(self) -> ChildProcess:
        """Start the service's process and wait until it is ready."""
        ports = free_ports(2)
        self.child = spawn(
            self.service, [sys.executable, "-m", *self.program, "serve"], env=self._environment(ports),
            log=self.stage.directory / f"{self.service}.jsonl",
        )  # fmt: skip
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[1]}") as client:
            while not await _ready(client):
                assert self.child.running, self.child.last_words()
                await asyncio.sleep(0.05)
        return self.child

    async def stop(self) -> None:
        """Let the process drain and end."""
        if self.child is not None:
            await self.child.stop(signal.SIGTERM, grace_seconds=40)
            self.child = None

    def _environment(self, ports: list[int]) -> dict[str, str]:
        name = self.service.upper()
        return {
            **os.environ,
            **service_settings(self.stage.issuer),
            "CLOSEBOOK_KAFKA": self.kafka.bootstrap,
            "CLOSEBOOK_TOPIC_PREFIX": self.kafka.prefix,
            "CLOSEBOOK_PARTITIONS": str(PARTITIONS),
            f"{name}_DATABASE_URL": self.urls.app_url,
            f"{name}_API_PORT": str(ports[0]),
            f"{name}_PRIVATE_PORT": str(ports[1]),
        }


@dataclass(slots=True)
class Stage:
    """The servers of one run."""

    directory: Path
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    issuer: LocalIssuer
    quick: bool = False
    _templates: dict[str, str] = field(default_factory=dict)

    def scaled(self, number: int) -> int:
        """Return a size for this run: a quick one only shows that the harness works."""
        return max(number // 8, 1) if self.quick else number

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    async def database(self, service: str) -> ServiceUrls:
        """Make a migrated database."""
        name = f"bench_{uuid.uuid4().hex[:8]}"
        if service not in self._templates:
            urls = await make_database(self.postgres.admin_url, service, f"bench_{service}")
            await migrate.upgrade(urls.owner_url, service)
            await migrate.bootstrap_positions(urls.owner_url, service, PARTITIONS)
            self._templates[service] = f"bench_{service}"
        return await make_database(self.postgres.admin_url, service, name, template=self._templates[service])

    @asynccontextmanager
    async def office(self, service: str, program: tuple[str, ...] = ()) -> AsyncIterator[Office]:
        """Open a service's office: its database and its topics; the process is not started yet."""
        kafka = KafkaTools(self.kafka.bootstrap, f"bench{uuid.uuid4().hex[:6]}.")
        await kafka.provide(*{c.topic: c for c in (*heard_by(service), *said_by(service))}.values())
        urls = await self.database(service)
        sql = await asyncpg.connect(urls.owner_url)
        office = Office(self, service, urls, kafka, sql, program or (f"services.{service}",))
        try:
            yield office
        finally:
            await office.stop()
            await sql.close()
            await kafka.close()


@asynccontextmanager
async def servers(directory: Path, *, quick: bool) -> AsyncIterator[Stage]:
    """Start Kafka and PostgreSQL for one run."""
    kafka, postgres = EmbeddedKafka(directory / "kafka"), EmbeddedPostgres(directory / "postgres", settings=_SETTINGS)
    try:
        await asyncio.gather(kafka.start(), postgres.start())
        await provision(postgres.admin_url)
        yield Stage(directory, kafka, postgres, LocalIssuer.open(directory / "issuer"), quick)
    finally:
        await asyncio.gather(kafka.stop(), postgres.stop())


async def until(sql: asyncpg.Connection, query: str, *values: Any, every_s: float = 0.1) -> None:
    """Wait until a question is answered with true; a benchmark that stands still for a minute fails."""
    async with asyncio.timeout(600):
        while not await sql.fetchval(query, *values):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(every_s)


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
