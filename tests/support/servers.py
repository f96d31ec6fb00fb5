"""Fixtures of the real servers: one broker and one PostgreSQL a run; each test has its own databases and topics.

``kafka_server``, ``postgres``   session: the running servers (``.bootstrap``, ``.admin_url``)
``databases(service)``           a fresh, migrated database -> ``ServiceUrls(owner_url, app_url)``, dropped afterwards
``topic_prefix``, ``kafka``      a prefix of the test's own, and ``KafkaTools`` under it (its topics are deleted)
``module_databases``, ``module_topic_prefix``, ``module_kafka``   the same, once per module
"""

import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.db import migrate
from shared.embedded import stack
from shared.embedded.databases import ServiceUrls, drop_database, make_database, provision
from shared.embedded.stack import KafkaServer, MailServer, PostgresServer
from tests.support.kafka_tools import PARTITIONS, KafkaTools

Databases = Callable[[str], Awaitable[ServiceUrls]]

# Tests may lose their data with the machine's power, so the disk is not waited for; a killed server loses nothing.
_FAST = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def servers_directory() -> Iterator[Path]:
    """A directory of our own: pytest's is closed to the server's system user again by the next pytest that starts."""
    with tempfile.TemporaryDirectory(prefix="closebook-tests-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest_asyncio.fixture(scope="session")
async def kafka_server(servers_directory: Path) -> AsyncIterator[KafkaServer]:
    server = await stack.start_kafka(servers_directory / "kafka", containers=True)
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def postgres(servers_directory: Path) -> AsyncIterator[PostgresServer]:
    server = await stack.start_postgres(servers_directory / "postgres", containers=True, settings=_FAST)
    await provision(server.admin_url)
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def mail_server(tmp_path: Path) -> AsyncIterator[MailServer]:
    server = await stack.start_mail(tmp_path / "mail", containers=True)
    yield server
    await server.stop()


class _Templates:
    """One migrated database per service, from which the databases of all tests are copied."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self.run = uuid.uuid4().hex[:8]
        self.made: dict[str, str] = {}

    async def copy(self, service: str) -> tuple[str, ServiceUrls]:
        if service not in self.made:
            self.made[service] = await self._make(service)
        name = f"t_{self.run}_{service}_{uuid.uuid4().hex[:8]}"
        return name, await make_database(self.admin_url, service, name, template=self.made[service])

    async def _make(self, service: str) -> str:
        name = f"t_{self.run}_{service}"
        urls = await make_database(self.admin_url, service, name)
        await migrate.upgrade(urls.owner_url, service)
        await migrate.bootstrap_positions(urls.owner_url, service, PARTITIONS)
        return name


@pytest_asyncio.fixture(scope="session")
async def _templates(postgres: PostgresServer) -> AsyncIterator[_Templates]:
    templates = _Templates(postgres.admin_url)
    yield templates
    for name in templates.made.values():
        await drop_database(templates.admin_url, name)


async def _databases(templates: _Templates) -> AsyncIterator[Databases]:
    made: list[str] = []

    async def database(service: str) -> ServiceUrls:
        name, urls = await templates.copy(service)
        made.append(name)
        return urls

    yield database
    for name in made:
        await drop_database(templates.admin_url, name)


@pytest_asyncio.fixture
async def databases(_templates: _Templates) -> AsyncIterator[Databases]:
    async for made in _databases(_templates):
        yield made


@pytest_asyncio.fixture(scope="module")
async def module_databases(_templates: _Templates) -> AsyncIterator[Databases]:
    async for made in _databases(_templates):
        yield made


def _prefix() -> str:
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture
def topic_prefix() -> str:
    return _prefix()


@pytest.fixture(scope="module")
def module_topic_prefix() -> str:
    return _prefix()


@pytest_asyncio.fixture
async def kafka(kafka_server: KafkaServer, topic_prefix: str) -> AsyncIterator[KafkaTools]:
    tools = KafkaTools(kafka_server.bootstrap, topic_prefix)
    yield tools
    await tools.close()


@pytest_asyncio.fixture(scope="module")
async def module_kafka(kafka_server: KafkaServer, module_topic_prefix: str) -> AsyncIterator[KafkaTools]:
    tools = KafkaTools(kafka_server.bootstrap, module_topic_prefix)
    yield tools
    await tools.close()
