"""One plant for all fault tests of a module: four service processes, servers that may be stopped and killed."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.embedded.stack import KafkaServer, PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import Plant
from tests.support.plant_making import make_plant
from tests.support.servers import Databases


@pytest_asyncio.fixture(scope="module")
async def module_plant(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Plant]:
    urls = {service: await module_databases(service) for service in LINE_OF_SERVICES}
    plant = await make_plant(tmp_path_factory.mktemp("plant"), kafka_server, postgres, urls, module_topic_prefix)
    try:
        yield plant
    finally:
        await plant.stop()


@pytest_asyncio.fixture
async def plant(module_plant: Plant) -> AsyncIterator[Plant]:
    """Everything runs when a test begins, whatever the one before it left behind."""
    await module_plant.heal()
    yield module_plant
