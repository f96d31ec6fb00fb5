"""Builds a plant on given servers, and waits until its twelve units are known to all."""

from collections.abc import Mapping
from pathlib import Path

from shared.cli.supervisor import Stack
from shared.embedded.databases import ServiceUrls
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from tests.support.faults import Plant
from tests.support.kafka_tools import KafkaTools
from tests.support.plant_parts import crashing_program
from tests.support.scripted_kafka import ScriptedKafka
from tests.support.scripted_mail import ScriptedMail

# A mail server that comes back is used again within the test's patience, not after a quarter of an hour.
_SETTINGS = {
    "NOTIFY_RETRY_FIRST_SECONDS": "1",
    "NOTIFY_RETRY_LONGEST_SECONDS": "2",
    "NOTIFY_SILENCE_SECONDS": "2",
    "NOTIFY_LEASE_SECONDS": "10",
}


class _OnScriptedKafka(Stack):
    """A stack whose broker has made the topics already; it knows no request that would."""

    async def _provide_topics(self) -> None:
        assert isinstance(self.servers.kafka, ScriptedKafka)


async def make_plant(
    folder: Path,
    kafka: KafkaServer,
    postgres: PostgresServer,
    urls: Mapping[str, ServiceUrls],
    prefix: str,
    overrides: Mapping[str, str] | None = None,
) -> Plant:
    """Return a running plant; ``overrides`` are further settings of the services (the addresses of proxies)."""
    scripted = isinstance(kafka, ScriptedKafka)
    assert scripted or isinstance(kafka, EmbeddedKafka), (
        "fault tests stop and kill the servers: CLOSEBOOK_STACK=embedded"
    )
    assert isinstance(postgres, EmbeddedPostgres), "fault tests stop and kill the servers: CLOSEBOOK_STACK=embedded"
    mail = await ScriptedMail().start()
    stack = (_OnScriptedKafka if scripted else Stack)(
        folder / "stack",
        servers=Servers(kafka, postgres, mail),
        urls=urls,
        topic_prefix=prefix,
        overrides=_SETTINGS | dict(overrides or {}),
        program=crashing_program,
    )
    plant = Plant(stack, KafkaTools(kafka.bootstrap, prefix), kafka, postgres, mail)
    if not scripted:
        await plant.tools.provide()
    await stack.start()
    await plant.settle_in()
    await plant.settle()
    return plant
