"""One stack for the tests of a module: four real service processes on the run's Kafka and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.cli.supervisor import Stack
from shared.embedded import stack as servers_stack
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from shared.events.topics import LINE_OF_SERVICES
from tests.support.kafka_tools import PARTITIONS
from tests.support.servers import Databases
from tests.system.examined import at_once, shuffled_told, told  # noqa: F401 - fixtures
from tests.system.office import Office


@pytest_asyncio.fixture(scope="module")
async def office(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    mail = await servers_stack.start_mail(folder / "mail", containers=True)
    stack = Stack(
        folder / "stack",
        servers=Servers(kafka_server, postgres, mail),
        urls={service: await module_databases(service) for service in LINE_OF_SERVICES},
        topic_prefix=module_topic_prefix,
        partitions=PARTITIONS,
    )
    await stack.start()
    try:
        yield Office(stack, folder)
    finally:
        await stack.stop()
        await mail.stop()
