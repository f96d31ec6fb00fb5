"""The stacks that the examiner's stories are told to: one for the whole run, others in another order."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import pytest_asyncio

from shared.embedded.stack import KafkaServer, PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.support import servers
from tests.support.kafka_tools import KafkaTools
from tests.system import stories_documents, stories_money, stories_ownership
from tests.system.diary import Told, joined, tell
from tests.system.office import an_office

DIARY = joined(stories_ownership.DIARY, stories_money.DIARY, stories_documents.DIARY)

Stacks = Callable[[str], AbstractAsyncContextManager[Told]]
"""Makes a stack of its own on the run's servers, in a folder of that name."""


@pytest.fixture(scope="session")
def stacks(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    _templates: servers._Templates,
) -> Stacks:
    @asynccontextmanager
    async def a_stack(name: str) -> AsyncIterator[Told]:
        prefix = servers._prefix()
        tools = KafkaTools(kafka_server.bootstrap, prefix)
        async with asynccontextmanager(servers._databases)(_templates) as databases:
            urls = {service: await databases(service) for service in LINE_OF_SERVICES}
            try:
                async with an_office(tmp_path_factory.mktemp(name), kafka_server, postgres, urls, prefix) as office:
                    yield Told(office, tools)
            finally:
                await tools.close()

    return a_stack


@pytest_asyncio.fixture(scope="session")
async def told(stacks: Stacks) -> AsyncIterator[Told]:
    """Every story, book by book, from the end of March to the beginning of July."""
    async with stacks("examined") as found:
        await tell(found, DIARY)
        yield found


@pytest_asyncio.fixture(scope="module")
async def shuffled_told(stacks: Stacks) -> AsyncIterator[Told]:
    """The same events in the same books, each book in another order."""
    async with stacks("shuffled") as found:
        await tell(found, DIARY, seed=7)
        yield found


@pytest_asyncio.fixture(scope="module")
async def at_once(stacks: Stacks) -> AsyncIterator[Told]:
    """The same events before any day ended, in another order still."""
    async with stacks("at-once") as found:
        said = [one for book in DIARY.values() for one in book]
        await tell(found, {"2026-03-30": said}, seed=11, through=None)
        yield found
