"""Kafka behind TLS, passwords and rights: the services work there, and nobody can do another's work."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from shared.bus.service import Service
from shared.cli.errors import CliError
from shared.cli.kafka import Broker, producing, reading
from shared.embedded import topics
from shared.embedded.errors import ServerError
from shared.events.access import PRINCIPALS, SIMULATION, SIMULATION_HEARS, Operation, Right, rights_of
from shared.events.topics import BY_TOPIC, CHANNELS, LINE_OF_SERVICES
from shared.kafka_security import KafkaSecurity
from tests.architecture.source import ROOT
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.integration.security.conftest import OPERATOR, PARTITIONS, Fortress
from tests.support import bus
from tests.support.certificates import make_authority
from tests.support.servers import Databases

CONTACTS = "owners.contact-changed"
aio = pytest.mark.asyncio(loop_scope="session")


@aio
async def test_a_service_hears_and_speaks_over_tls_with_its_own_rights(
    fortress: Fortress, databases: Databases
) -> None:
    urls = await databases("billing")
    await bus.prepare(urls)
    recorder = bus.Recorder("billing")
    access = fortress.access("billing")
    settings = bus.settings(
        urls, fortress.bootstrap, "", kafka_security="SASL_SSL", kafka_username=access.username,
        kafka_password=access.password, kafka_ca=access.ca,
    )  # fmt: skip
    sql = await asyncpg.connect(urls.owner_url)
    async with producing(Broker(fortress.bootstrap, access=fortress.access("housing"))) as producer:
        await producer.send_and_wait(CHARGES, charge(1), key=b"U1")
        await producer.send_and_wait(CHARGES, b"not an event", key=b"U1")
    async with bus.running(Service("billing", recorder.router), settings):
        await bus.eventually(lambda: sql.fetchval("select count(*) = 1 from public.seen"))
        said = "select count(*) = 1 from msg.event_log where topic = 'billing.event-rejected'"
        await bus.eventually(lambda: sql.fetchval(said))
        await bus.eventually(lambda: sql.fetchval("select not exists (select from msg.outbox_pending)"))
    await sql.close()


@pytest.mark.parametrize("principal", PRINCIPALS)
@aio
async def test_nobody_writes_another_ones_topic(fortress: Fortress, principal: str) -> None:
    own = {right.name for right in rights_of(principal) if right.operation is Operation.WRITE}
    producer = AIOKafkaProducer(bootstrap_servers=fortress.bootstrap, **fortress.access(principal).options())
    await producer.start()
    try:
        for channel in (c for c in CHANNELS if c.topic not in own):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(channel.topic, b"forged")
    finally:
        await producer.stop()


@aio
async def test_a_stolen_password_reads_no_contacts(fortress: Fortress) -> None:
    async with producing(Broker(fortress.bootstrap, access=fortress.access("owners"))) as producer:
        await producer.send_and_wait(CONTACTS, b"somebody's address", key=b"P1", partition=0)
    assert await _reads_contacts(fortress, "notify")
    for thief in ("housing", "calendar", "billing", "arrears"):
        assert not await _reads_contacts(fortress, thief)


async def _reads_contacts(fortress: Fortress, principal: str) -> bool:
    access = fortress.access(principal).options()
    consumer = AIOKafkaConsumer(bootstrap_servers=fortress.bootstrap, auto_offset_reset="earliest", **access)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(CONTACTS, 0)])
        return bool(await consumer.getmany(timeout_ms=2_000))
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()


@aio
async def test_a_command_without_the_right_says_whose_it_lacks(fortress: Fortress) -> None:
    with pytest.raises(CliError, match="does not let closebook-housing do this"):
        async with reading(Broker(fortress.bootstrap, access=fortress.access("housing")), [CONTACTS]) as reader:
            await reader.read(2_000)


def _wrong_password(fortress: Fortress, _: Path) -> KafkaSecurity:
    return fortress.access("billing", password="guessed")


def _no_tls(fortress: Fortress, _: Path) -> KafkaSecurity:
    access = fortress.access("billing")
    return KafkaSecurity("SASL_PLAINTEXT", username=access.username, password=access.password)


def _plain(_fortress: Fortress, _: Path) -> KafkaSecurity:
    return KafkaSecurity()


def _another_authority(fortress: Fortress, directory: Path) -> KafkaSecurity:
    return fortress.access("billing", authority=make_authority(directory, "stranger")[0])


@pytest.mark.parametrize("way_in", [_wrong_password, _no_tls, _plain, _another_authority])
@aio
async def test_there_is_no_other_way_in(
    fortress: Fortress, tmp_path: Path, way_in: Callable[[Fortress, Path], KafkaSecurity]
) -> None:
    access = way_in(fortress, tmp_path)
    producer = AIOKafkaProducer(bootstrap_servers=fortress.bootstrap, request_timeout_ms=2_000, **access.options())
    try:
        with pytest.raises((KafkaError, OSError)):
            await producer.start()
    finally:
        await producer.stop()


@aio
async def test_a_broker_with_a_certificate_of_another_name_is_told_nothing(
    fortress: Fortress, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger="aiokafka")  # the command line, if it ran in this process, has silenced it
    access = fortress.access("billing", authority=fortress.other_authority)
    producer = AIOKafkaProducer(bootstrap_servers=fortress.misnamed, request_timeout_ms=2_000, **access.options())
    try:
        with pytest.raises(KafkaError, match="Unable to bootstrap"):
            await producer.start()
    finally:
        await producer.stop()
    assert "certificate is not valid for '127.0.0.1'" in caplog.text


def test_credentials_that_were_forgotten_stop_a_client_before_it_starts() -> None:
    with pytest.raises(ValueError, match="SASL_SSL needs a username and a password"):
        KafkaSecurity("SASL_SSL")


def test_every_topic_has_one_writer_and_only_its_hearers_and_he_read_it() -> None:
    rights = [right for name in PRINCIPALS for right in rights_of(name)]
    for channel in CHANNELS:
        writers = [r.user for r in rights if r.name == channel.topic and r.operation is Operation.WRITE]
        readers = {r.user for r in rights if r.name == channel.topic and r.operation is Operation.READ}
        assert writers == [f"closebook-{channel.owner}"]
        also = {"closebook-calendar"} if channel.topic.endswith((".day-closed", ".day-ended")) else set()
        if channel.owner in LINE_OF_SERVICES:
            also.add(f"closebook-{channel.owner}")  # a service looks whether its database knows all that it said
        assert readers == {f"closebook-{name}" for name in BY_TOPIC[channel.topic].heard_by} | also


@aio
async def test_an_administrator_makes_the_topics_with_a_password(fortress: Fortress) -> None:
    access = fortress.access(OPERATOR)
    await topics.provision(fortress.bootstrap, partitions=PARTITIONS, prefix="more.", access=access)
    with pytest.raises(ServerError, match="refused"):
        await topics.provision(
            fortress.bootstrap, partitions=PARTITIONS, prefix="less.", access=fortress.access("billing")
        )


def _without_user(rights: tuple[Right, ...]) -> set[tuple[object, ...]]:
    return {right[1:] for right in rights}


def test_the_simulation_may_what_it_plays_and_hear_what_it_pays_by() -> None:
    played = _without_user(rights_of("housing")) | _without_user(rights_of("calendar"))
    more = _without_user(rights_of(SIMULATION)) - played

    assert SIMULATION not in PRINCIPALS
    assert played < _without_user(rights_of(SIMULATION))
    assert {(operation, name) for operation, _, name in more} == {
        (operation, channel.topic) for operation in (Operation.READ, Operation.DESCRIBE) for channel in SIMULATION_HEARS
    }


@aio
async def test_the_simulation_has_its_rights_only_when_they_are_asked_for(fortress: Fortress) -> None:
    default = await _command(fortress)
    assert default.endswith(f"granted to {len(PRINCIPALS)} users.\n"), default
    assert not await _may_say_a_charge(fortress)

    asked = await _command(fortress, "--simulation")
    assert asked.endswith(f"granted to {len(PRINCIPALS) + 1} users.\n"), asked
    await bus.eventually(lambda: _may_say_a_charge(fortress))


async def _command(fortress: Fortress, *arguments: str) -> str:
    """Run the command as the operator; return what it printed."""
    access = fortress.access(OPERATOR)
    variables = {
        "CLOSEBOOK_KAFKA": fortress.bootstrap, "CLOSEBOOK_KAFKA_SECURITY": access.protocol,
        "CLOSEBOOK_KAFKA_USERNAME": access.username, "CLOSEBOOK_KAFKA_PASSWORD": access.password,
        "CLOSEBOOK_KAFKA_CA": access.ca,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shared.embedded.acls", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={**os.environ, **{name: str(value) for name, value in variables.items()}},
    )  # fmt: skip
    return (await process.communicate())[0].decode()


async def _may_say_a_charge(fortress: Fortress) -> bool:
    producer = AIOKafkaProducer(bootstrap_servers=fortress.bootstrap, **fortress.access(SIMULATION).options())
    await producer.start()
    try:
        await producer.send_and_wait(CHARGES, charge(2), key=b"U2")
    except TopicAuthorizationFailedError:
        return False
    finally:
        await producer.stop()
    return True
