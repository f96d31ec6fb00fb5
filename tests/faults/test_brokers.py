"""What brokers answer on no test's demand, scripted: errors, leaders and coordinators that move (reliability.md c2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from shared.embedded.stack import PostgresServer
from shared.events.topics import LINE_OF_SERVICES, said_by
from tests.support.faults import Plant
from tests.support.kafka_tools import PARTITIONS
from tests.support.plant_making import make_plant
from tests.support.plant_parts import until_quiet
from tests.support.scripted_kafka import HEARTBEAT, OFFSET_COMMIT, PRODUCE, ScriptedKafka
from tests.support.servers import Databases

pytestmark = pytest.mark.slow

_OUT_OF_ORDER, _UNKNOWN_PRODUCER = 45, 59
_NOT_ENOUGH_REPLICAS = 19
_COORDINATOR_LOADING, _NO_COORDINATOR, _NOT_COORDINATOR = 14, 15, 16
_ILLEGAL_GENERATION, _UNKNOWN_MEMBER, _REBALANCING = 22, 25, 27


@dataclass(frozen=True)
class Scripted:
    """A plant on brokers that answer as told."""

    plant: Plant
    kafka: ScriptedKafka

    async def repeated(self) -> int:
        """Return how many records billing has met twice: none where a position decides what is read again."""
        met: int = await self.plant.value("billing", "select coalesce(sum(n_dup), 0)::bigint from msg.batch_log")
        return met

    async def until_said(self, service: str, event: str, since: int, times: int = 1) -> None:
        """Wait until a service's log has an event so often since a mark."""

        async def silent() -> str:
            found = len(self.plant.said(service, event, since))
            return "" if found >= times else f"{service} said {event} {found} times"

        await until_quiet(silent, 60)


@pytest_asyncio.fixture(scope="module")
async def module_scripted(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Scripted]:
    kafka = ScriptedKafka(module_topic_prefix, PARTITIONS).start()
    urls = {service: await module_databases(service) for service in LINE_OF_SERVICES}
    folder = tmp_path_factory.mktemp("scripted")
    plant = await make_plant(folder, kafka, postgres, urls, module_topic_prefix, {"CLOSEBOOK_LOG_LEVEL": "DEBUG"})
    try:
        yield Scripted(plant, kafka)
    finally:
        await plant.stop()
        await kafka.stop()


@pytest_asyncio.fixture
async def scripted(module_scripted: Scripted) -> AsyncIterator[Scripted]:
    await module_scripted.plant.heal()
    yield module_scripted


@pytest.mark.parametrize("error", [_OUT_OF_ORDER, _UNKNOWN_PRODUCER])
async def test_a_producer_that_the_broker_no_longer_believes_is_replaced(scripted: Scripted, error: int) -> None:
    """F24: the page is sent again by a new producer; the order of first arrivals is I8's."""
    plant = scripted.plant
    since = plant.mark("billing")
    async with plant.load():
        for times in (1, 2):
            for channel in said_by("billing"):
                scripted.kafka.answer_for(channel.topic, PRODUCE, error)
            await scripted.until_said("billing", "publish_blocked", since, times)
            await plant.until_moving("billing")
    await plant.close_day()
    await plant.prove(90, leaves=["billing:publish_blocked"])
    assert len(plant.said("billing", "relay_elected", since)) >= 2


async def test_leaders_that_move_under_load_cost_time_only(scripted: Scripted) -> None:
    """F21: every partition has another leader three times; each key keeps its order (I8)."""
    plant = scripted.plant
    since = plant.mark("billing")
    async with plant.load():
        for turn in range(3):
            scripted.kafka.move_leaders(turn)
            await asyncio.sleep(1)
            await plant.until_moving("billing")
    await plant.close_day()
    await plant.prove(90)
    assert not plant.said("billing", "dead_letter", since)


async def test_a_coordinator_that_moves_or_is_away_has_nothing_read_twice(scripted: Scripted) -> None:
    """F22: another broker knows the group, and it answers for a while that it does not, or not yet."""
    plant = scripted.plant
    await plant.settle()
    before = await scripted.repeated()
    async with plant.load():
        for turn in range(3):
            scripted.kafka.move_coordinator("closebook.billing", turn)
            scripted.kafka.answer(HEARTBEAT, [_NO_COORDINATOR, _NOT_COORDINATOR, _COORDINATOR_LOADING])
            await asyncio.sleep(2)
            await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90)
    assert await scripted.repeated() == before


async def test_offsets_that_the_group_refuses_decide_nothing(scripted: Scripted) -> None:
    """F29: a note in the log; the position in the database goes on, also where the group begins anew."""
    plant = scripted.plant
    await plant.settle()
    before, since = await scripted.repeated(), plant.mark("billing")
    async with plant.load():
        for error in (_ILLEGAL_GENERATION, _UNKNOWN_MEMBER, _REBALANCING):
            noted = len(plant.said("billing", "commit_advisory_failed", since))
            scripted.kafka.answer(OFFSET_COMMIT, [error] * len(LINE_OF_SERVICES))
            await scripted.until_said("billing", "commit_advisory_failed", since, noted + 1)
            scripted.kafka.answer_again(OFFSET_COMMIT)
            await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90, leaves=["billing:commit_advisory_failed"])
    assert await scripted.repeated() == before


async def test_nothing_leaves_the_outbox_while_replicas_are_missing(scripted: Scripted) -> None:
    """F25: what a broker may not keep stays ours, past the relay's deadline, and goes out when it may."""
    plant = scripted.plant
    await plant.settle()
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(30))
    since = plant.mark("billing")
    scripted.kafka.answer(PRODUCE, [_NOT_ENOUGH_REPLICAS] * 10_000)
    try:
        await plant.start("billing")
        await scripted.until_said("billing", "publish_blocked", since, 2)
        assert not plant.said("billing", "page", since)
        said = "select (select count(*) from msg.event_log where seq >= (select min(seq) from msg.outbox_pending))"
        waiting = await plant.value("billing", "select count(*) from msg.outbox_pending")
        assert waiting == await plant.value("billing", said) > 0
    finally:
        scripted.kafka.answer_again(PRODUCE)
    await plant.close_day(seconds=90)
    await plant.prove(90, leaves=["billing:publish_blocked"])
