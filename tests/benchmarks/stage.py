"""What every benchmark stands on: the embedded servers, with the durability of production, and service processes."""

import asyncio
import os
import re
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
from tests.support.kafka_tools import KafkaTools

_CHECKED = re.compile(r"^invariants_checked_timestamp_seconds\S* [1-9]", re.MULTILINE)
PARTITIONS = 4
"""Of every topic: an even number, which two processes can share evenly."""

# fsync stays on.  The times of commits are kept: they say when a batch was there, without asking while it runs.
_SETTINGS = {"track_commit_timestamp": "on", "shared_buffers": "2GB"}
"""The server of a ledger of 80,000 flats holds it in memory: with a small one's 128 MB a statement took half as long
again, for blocks were read (measured)."""


@dataclass(slots=True)
class Office:
    """One service with a database and topics of its own; its processes are started and stopped at will."""

    stage: "Stage"
    service: str
    urls: ServiceUrls
    kafka: KafkaTools
    sql: asyncpg.Connection
    program: tuple[str, ...]
    children: list[ChildProcess] = field(default_factory=list)
    api_url: str = ""
    private_url: str = ""

    async def start(self) -> ChildProcess:
        """Start a process of the service, beside those that run, and wait until it is ready."""
        ports = free_ports(2)
        self.api_url, self.private_url = (f"http://127.0.0.1:{port}" for port in ports)
        name = self.service.upper()
        own = {f"{name}_API_PORT": str(ports[0]), f"{name}_PRIVATE_PORT": str(ports[1])}
        child = spawn(
            self.service, [sys.executable, "-m", *self.program, "serve"], env=self.environment() | own,
            log=self.stage.directory / f"{self.service}.jsonl",
        )  # fmt: skip
        self.children.append(child)
        async with httpx.AsyncClient(base_url=self.private_url) as client:
            while not await _ready(client):
                assert child.running, child.last_words()
                await asyncio.sleep(0.05)
        return child

    async def checked(self) -> None:
        """Wait until the newest process has checked the books once: the next time comes after fifty times as long.

        A ledger of 80,000 flats is read for half a minute, which would be in whatever is measured then.
        """
        async with httpx.AsyncClient(base_url=self.private_url) as client:
            while not _CHECKED.search((await client.get("/metrics")).text):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Let every process drain and end."""
        children, self.children = self.children, []
        await asyncio.gather(*(child.stop(signal.SIGTERM, grace_seconds=40) for child in children))

    def environment(self) -> dict[str, str]:
        """Return what a process of the service is told, but for its ports."""
        own = {f"{self.service.upper()}_DATABASE_URL": self.urls.app_url}
        if self.service == "notify":
            own |= {
                "NOTIFY_SMTP_HOST": "nowhere.invalid", "NOTIFY_SMTP_PORT": "25", "NOTIFY_SENDING": "false",
                "NOTIFY_PRINT_DIR": str(self.stage.directory), "NOTIFY_SENDER": "Bench <bench@example.org>",
            }  # fmt: skip
        return {
            **os.environ,
            **service_settings(self.stage.issuer),
            "CLOSEBOOK_ENVIRONMENT": "local",
            "CLOSEBOOK_KAFKA": self.kafka.bootstrap,
            "CLOSEBOOK_TOPIC_PREFIX": self.kafka.prefix,
            "CLOSEBOOK_PARTITIONS": str(PARTITIONS),
            **own,
        }


@dataclass(slots=True)
class Stage:
    """The servers of one run."""

    directory: Path
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    issuer: LocalIssuer
    quick: bool = False
    events: int = 200_000
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
        kafka = KafkaTools(self.kafka.bootstrap, f"bench{uuid.uuid4().hex[:6]}.", PARTITIONS)
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
async def servers(directory: Path, *, quick: bool, events: int) -> AsyncIterator[Stage]:
    """Start Kafka and PostgreSQL for one run; ``events`` is how many the memory is watched over."""
    kafka, postgres = EmbeddedKafka(directory / "kafka"), EmbeddedPostgres(directory / "postgres", settings=_SETTINGS)
    try:
        await asyncio.gather(kafka.start(), postgres.start())
        await provision(postgres.admin_url)
        yield Stage(directory, kafka, postgres, LocalIssuer.open(directory / "issuer"), quick, events)
    finally:
        await asyncio.gather(kafka.stop(), postgres.stop())


_FILLED = """
select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_catalog.pg_tables
where schemaname in ('msg', 'owners', 'billing', 'arrears', 'notify')
  and pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) > 0
"""


async def know_sizes(sql: asyncpg.Connection) -> None:
    """Let the planner know the tables that are filled; of one said to be empty it would read the whole for each row."""
    await sql.execute(f"analyze {await sql.fetchval(_FILLED)}")


async def until(sql: asyncpg.Connection, query: str, *values: Any, every_s: float = 0.1) -> None:
    """Wait until a question is answered with true; a benchmark that stands still for a minute fails."""
    async with asyncio.timeout(600):
        while not await sql.fetchval(query, *values):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(every_s)


def peak_mib(pid: int) -> float:
    """Return the most memory a process ever held, in MiB."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
