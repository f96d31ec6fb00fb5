"""The whole owners service between real Kafka and real PostgreSQL: in this process, and as a process that is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from services.owners import app
from services.owners.usecases.verify import verify
from shared.db.engine import snapshot
from shared.embedded.ports import free_ports
from shared.embedded.process import ChildProcess, spawn
from shared.events.base import EventData
from shared.events.calendar import DayEnded
from shared.events.envelope import encode
from shared.events.owners import OwnershipLineChanged
from shared.events.topics import (
    DAY_CLOSED,
    DAY_ENDED,
    OWNERS_CONTACT,
    OWNERS_LINE,
    OWNERS_SHARES,
    OWNERS_UNIT,
    key_of,
)
from shared.local_issuer import LocalIssuer
from tests.integration.owners.conftest import Desk, channel_of
from tests.integration.owners.portfolio import a_portfolio, expected_lines
from tests.support import bus
from tests.support.bus import heard
from tests.support.kafka_tools import PARTITIONS, KafkaTools
from tests.support.ownership import START, day


async def publish(kafka: KafkaTools, story: Iterable[EventData]) -> None:
    """Say the story as the housing system would, each event under its key."""
    for number, data in enumerate(story):
        channel = channel_of(data)
        value = encode(channel, data, id=f"e{number}", source="housing", time=START)
        await kafka.send_many(channel.topic, [(key_of(channel, data).encode(), value)])


async def is_settled(desk: Desk, story: list[EventData]) -> bool:
    """Say whether the whole story is taken in and everything it led to is on Kafka."""
    taken = await desk.rows("select count(*) from msg.inbox where topic like 'housing.%'")
    moving = await desk.rows("select (select count(*) from msg.held) + (select count(*) from msg.outbox_pending)")
    return bool(taken[0][0] >= len(story) and moving[0][0] == 0)


async def check_lines(desk: Desk, kafka: KafkaTools, story: list[EventData]) -> None:
    """Check that the lines on Kafka count 1, 2, 3 and end as the rules draw them, and that the service can prove it.

    A killed relay says again what it had not marked, so first arrivals count.
    """
    lines: dict[str, list[OwnershipLineChanged]] = {}
    for line in await heard(kafka, OWNERS_LINE):
        said = lines.setdefault(line.unit_id, [])
        if line not in said:
            said.append(line)
    for unit_id, line in expected_lines(story).items():
        said = lines.get(unit_id, [])
        assert [one.version for one in said] == list(range(1, len(said) + 1))
        assert (said[-1].line, said[-1].without_period) == (line.periods, line.without_period)
    async with snapshot(desk.sessions) as connection:
        assert [check.detail for check in await verify(connection) if not check.ok] == []


async def test_a_story_in_any_order_becomes_the_same_lines_and_the_day_closes_with_its_totals(
    desk: Desk, kafka: KafkaTools
) -> None:
    story = a_portfolio(24, Random(11))
    await kafka.provide()
    settings = bus.settings(desk.urls, kafka.bootstrap, kafka.prefix)
    async with bus.running(app.build(settings), settings):
        await publish(kafka, story)
        await bus.eventually(lambda: is_settled(desk, story))
        ended = encode(DAY_ENDED, DayEnded(day=day("2026-04-01")), id="d1", source="scheduler", time=START)
        await kafka.send(DAY_ENDED.topic, ended, key=b"calendar")
        await bus.eventually(lambda: heard(kafka, DAY_CLOSED["owners"]))
    await check_lines(desk, kafka, story)
    assert len(await heard(kafka, OWNERS_UNIT)) == 24
    assert len(await heard(kafka, OWNERS_SHARES)) == 24
    assert {one.contact_id for one in await heard(kafka, OWNERS_CONTACT)} >= {f"P-A{n}" for n in range(24)}
    (closed,) = await heard(kafka, DAY_CLOSED["owners"])
    assert closed.totals["owners.ownership-changed"].events == len(await heard(kafka, OWNERS_LINE))
    assert OWNERS_CONTACT.topic not in closed.totals


class Process:
    """The owners service as an operator starts it."""

    def __init__(self, desk: Desk, kafka: KafkaTools, directory: Path) -> None:
        self.issuer = LocalIssuer.open(directory / "issuer")
        self.log = directory / "owners.log"
        self.api_port, self.private_port = free_ports(2)
        self.env = os.environ | {
            "OWNERS_DATABASE_URL": desk.urls.app_url,
            "OWNERS_OWNER_DATABASE_URL": desk.urls.owner_url,
            "OWNERS_API_PORT": str(self.api_port),
            "OWNERS_PRIVATE_PORT": str(self.private_port),
            "CLOSEBOOK_KAFKA": kafka.bootstrap,
            "CLOSEBOOK_TOPIC_PREFIX": kafka.prefix,
            "CLOSEBOOK_PARTITIONS": str(PARTITIONS),
            "CLOSEBOOK_JWKS": str(self.issuer.jwks),
            "CLOSEBOOK_ISSUER": self.issuer.issuer,
            "CLOSEBOOK_AUDIENCE": self.issuer.audience,
        }

    def run(self, verb: str) -> ChildProcess:
        """Start ``python -m services.owners <verb>``."""
        return spawn("owners", [sys.executable, "-m", "services.owners", verb], log=self.log, env=self.env)


@pytest.fixture
def process(desk: Desk, kafka: KafkaTools, tmp_path: Path) -> Process:
    return Process(desk, kafka, tmp_path)


@pytest.mark.parametrize("verb", ["migrate", "check"])
async def test_migrate_and_check_can_be_repeated(process: Process, verb: str) -> None:
    child = process.run(verb)
    assert await child.wait(30), child.last_words(10)
    assert child.exit_code == 0, child.last_words(10)


async def test_a_killed_service_goes_on_where_it_was(desk: Desk, kafka: KafkaTools, process: Process) -> None:
    story = a_portfolio(60, Random(12))
    await kafka.provide()
    child = process.run("serve")
    telling = asyncio.ensure_future(publish(kafka, story))
    try:
        await bus.eventually(lambda: desk.rows("select from msg.inbox offset 30 limit 1"))
        child.kill()
        await telling
        child = process.run("serve")
        await bus.eventually(lambda: is_settled(desk, story), seconds=60)
        await check_lines(desk, kafka, story)
        child.send(signal.SIGTERM)
        assert await child.wait(30)
        assert child.exit_code == 0, child.last_words(10)
    finally:
        child.kill()
