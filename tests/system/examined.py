"""The stacks that the examiner's stories are told to: one for the whole run, others in another order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from shared.cli.supervisor import Stack
from shared.embedded import stack as servers_stack
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from shared.events.topics import LINE_OF_SERVICES
from tests.support import servers
from tests.support.kafka_tools import PARTITIONS, KafkaTools
from tests.system import stories_documents, stories_money, stories_ownership
from tests.system.diary import Told, joined, tell
from tests.system.office import Office

DIARY = joined(stories_ownership.DIARY, stories_money.DIARY, stories_documents.DIARY)


@asynccontextmanager
async def a_stack(
    folder: Path, kafka: KafkaServer, postgres: PostgresServer, templates: servers._Templates, prefix: str
) -> AsyncIterator[Told]:
    """A stack of its own on the run's servers."""
    mail = await servers_stack.start_mail(folder / "mail", containers=True)
    tools = KafkaTools(kafka.bootstrap, prefix)
    async with asynccontextmanager(servers._databases)(templates) as databases:
        stack = Stack(
            folder / "stack",
            servers=Servers(kafka, postgres, mail),
            urls={service: await databases(service) for service in LINE_OF_SERVICES},
            topic_prefix=prefix,
            partitions=PARTITIONS,
        )
        await stack.start()
        try:
            yield Told(Office(stack, folder), tools)
        finally:
            await stack.stop()
            await tools.close()
            await mail.stop()


@pytest_asyncio.fixture(scope="session")
async def told(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    _templates: servers._Templates,
) -> AsyncIterator[Told]:
    """Every story, book by book, from the end of March to the beginning of July."""
    folder = tmp_path_factory.mktemp("examined")
    async with a_stack(folder, kafka_server, postgres, _templates, servers._prefix()) as found:
        await tell(found, DIARY)
        yield found


@pytest_asyncio.fixture(scope="module")
async def shuffled_told(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    _templates: servers._Templates,
) -> AsyncIterator[Told]:
    """The same events in the same books, each book in another order."""
    folder = tmp_path_factory.mktemp("shuffled")
    async with a_stack(folder, kafka_server, postgres, _templates, servers._prefix()) as found:
        await tell(found, DIARY, seed=7)
        yield found


@pytest_asyncio.fixture(scope="module")
async def at_once(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    _templates: servers._Templates,
) -> AsyncIterator[Told]:
    """The same events before any day ended, in another order still."""
    folder = tmp_path_factory.mktemp("at-once")
    async with a_stack(folder, kafka_server, postgres, _templates, servers._prefix()) as found:
        said = [one for book in DIARY.values() for one in book]
        await tell(found, {"2026-03-30": said}, seed=11, through=None)
        yield found
