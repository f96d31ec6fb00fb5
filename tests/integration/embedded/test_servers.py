"""Each server answers, keeps its data over a crash, and says in one sentence why it cannot start."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest

from shared.embedded import jars, stack
from shared.embedded.databases import provision
from shared.embedded.errors import ServerError
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import MailServer, Mode, PostgresServer
from shared.events.topics import CHARGE_RAISED, DAY_ENDED
from tests.support.kafka_tools import KafkaTools


async def test_a_topic_gives_back_the_bytes_it_was_given(kafka: KafkaTools) -> None:
    await kafka.provide(CHARGE_RAISED)

    await kafka.send(CHARGE_RAISED.topic, b"\xff not json", key=b"S1", headers=[("h", None)], partition=1)
    await kafka.send_many(CHARGE_RAISED.topic, [(b"S1", b"one"), (b"S1", b"two")])

    records = await kafka.read_all(CHARGE_RAISED.topic)
    assert sorted(record.value or b"" for record in records) == [b"one", b"two", b"\xff not json"]
    assert sum((await kafka.end_offsets(CHARGE_RAISED.topic)).values()) == 3


async def test_reading_ends_behind_a_transaction_marker(kafka: KafkaTools) -> None:
    await kafka.provide(CHARGE_RAISED)

    await kafka.send_transaction(CHARGE_RAISED.topic, [b"kept"], partition=0, abort=False)
    await kafka.send_transaction(CHARGE_RAISED.topic, [b"dropped"], partition=0, abort=True)

    assert [record.value for record in await kafka.read_all(CHARGE_RAISED.topic)] == [b"kept"]
    assert (await kafka.end_offsets(CHARGE_RAISED.topic))[0] == 4


async def test_topics_are_provided_twice_without_harm_but_never_with_another_number(kafka: KafkaTools) -> None:
    await kafka.provide(CHARGE_RAISED, DAY_ENDED)
    await kafka.provide(CHARGE_RAISED, DAY_ENDED)

    kafka.partitions = 4
    with pytest.raises(ServerError, match="has 3 partitions, the settings say 4"):
        await kafka.provide(CHARGE_RAISED, DAY_ENDED)


async def test_a_role_connects_to_its_own_database_only(postgres: PostgresServer) -> None:
    urls = await provision(postgres.admin_url)
    own = await asyncpg.connect(urls["owners"].app_url)
    await own.close()

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls["owners"].app_url, database="billing")


async def test_mail_handed_over_is_kept(mail_server: MailServer) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "factor@example.org", "owner@example.org", "Statement"
    message.set_content("You owe £12.34.")

    def hand_over() -> None:
        with smtplib.SMTP(mail_server.host, mail_server.port) as client:
            client.send_message(message)

    await asyncio.to_thread(hand_over)

    assert [str(kept["Subject"]) for kept in mail_server.messages()] == ["Statement"]


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = await EmbeddedPostgres(tmp_path / "postgres").start()
    yield server
    await server.stop()


async def test_postgres_keeps_what_was_committed_before_it_was_killed(own_postgres: EmbeddedPostgres) -> None:
    before = await asyncpg.connect(own_postgres.admin_url)
    await before.execute("create table kept (pence bigint); insert into kept values (1234)")
    own_postgres.kill()

    await own_postgres.start()

    after = await asyncpg.connect(own_postgres.admin_url)
    assert await after.fetchval("select pence from kept") == 1234
    await after.close()


@pytest.mark.slow
async def test_a_killed_broker_comes_back_on_its_port_with_its_records(tmp_path: Path) -> None:
    broker = await EmbeddedKafka(tmp_path / "kafka").start()
    try:
        address = broker.bootstrap
        tools = KafkaTools(address, "kept.")
        await tools.provide(CHARGE_RAISED)
        await tools.send(CHARGE_RAISED.topic, b"before")
        broker.kill()

        await broker.start()

        assert broker.bootstrap == address
        assert [record.value for record in await tools.read_all(CHARGE_RAISED.topic)] == [b"before"]
        await tools.close()
    finally:
        await broker.stop()


def test_an_address_wins_over_everything() -> None:
    address = {"CLOSEBOOK_KAFKA": "broker:9092"}
    assert stack.mode_of("CLOSEBOOK_KAFKA", containers=True, environment=address) is Mode.EXTERNAL
    assert stack.mode_of("CLOSEBOOK_KAFKA", containers=False, environment={}) is Mode.EMBEDDED


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"CLOSEBOOK_STACK": "external"}, "needs the server's address in CLOSEBOOK_KAFKA"),
        ({"CLOSEBOOK_STACK": "cloud"}, "must be external, containers or embedded"),
    ],
)
def test_a_choice_that_cannot_be_is_one_sentence(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ServerError, match=sentence):
        stack.mode_of("CLOSEBOOK_KAFKA", containers=True, environment=environment)


def test_a_jar_with_other_bytes_is_not_the_locked_one(tmp_path: Path) -> None:
    jar = jars.read_lock()[0]
    (tmp_path / jar.path).parent.mkdir(parents=True)
    (tmp_path / jar.path).write_bytes(b"something else")

    assert not jar.intact(tmp_path)
    assert jar.coordinates == ("org.apache.kafka", "kafka_2.13", jars.KAFKA_VERSION)


def test_without_the_repository_one_sentence_names_the_choices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("no route")

    monkeypatch.setenv("CLOSEBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(jars, "_download", unreachable)

    with pytest.raises(ServerError, match=r"KAFKA_HOME .* CLOSEBOOK_KAFKA .* CLOSEBOOK_CACHE"):
        jars.kafka_jars()
