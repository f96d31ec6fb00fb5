"""One plant for all fault tests of a module: four service processes, servers that may be stopped and killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.cli.supervisor import Stack
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import Plant
from tests.support.kafka_tools import KafkaTools
from tests.support.plant_parts import crashing_program
from tests.support.scripted_mail import ScriptedMail
from tests.support.servers import Databases

# A mail server that comes back is used again within the test's patience, not after a quarter of an hour.
_SETTINGS = {
    "NOTIFY_RETRY_FIRST_SECONDS": "1",
    "NOTIFY_RETRY_LONGEST_SECONDS": "2",
    "NOTIFY_SILENCE_SECONDS": "2",
    "NOTIFY_LEASE_SECONDS": "10",
}


@pytest_asyncio.fixture(scope="module")
async def module_plant(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_server: KafkaServer,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Plant]:
    folder: Path = tmp_path_factory.mktemp("plant")
    assert isinstance(kafka_server, EmbeddedKafka), "fault tests stop and kill the servers: CLOSEBOOK_STACK=embedded"
    assert isinstance(postgres, EmbeddedPostgres), "fault tests stop and kill the servers: CLOSEBOOK_STACK=embedded"
    mail = await ScriptedMail().start()
    stack = Stack(
        folder / "stack",
        servers=Servers(kafka_server, postgres, mail),
        urls={service: await module_databases(service) for service in LINE_OF_SERVICES},
        topic_prefix=module_topic_prefix,
        overrides=_SETTINGS,
        program=crashing_program,
    )
    tools = KafkaTools(kafka_server.bootstrap, module_topic_prefix)
    plant = Plant(stack, tools, kafka_server, postgres, mail)
    await tools.provide()
    await stack.start()
    await plant.settle_in()
    await plant.settle()
    try:
        yield plant
    finally:
        await plant.stop()


@pytest_asyncio.fixture
async def plant(module_plant: Plant) -> AsyncIterator[Plant]:
    """Everything runs when a test begins, whatever the one before it left behind."""
    await module_plant.heal()
    yield module_plant
