"""One stack for the tests of a module: four real service processes on the run's Kafka and PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.embedded.stack import KafkaServer, PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.support.servers import Databases
from tests.system.examined import at_once, shuffled_told, stacks, told  # noqa: F401 - fixtures
from tests.system.office import Office, an_office


@pytest_asyncio.fixture(scope="module")
async def office(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Office]:
    urls = {service: await module_databases(service) for service in LINE_OF_SERVICES}
    folder = tmp_path_factory.mktemp("office")
    async with an_office(folder, kafka_server, postgres, urls, module_topic_prefix) as made:
        yield made
