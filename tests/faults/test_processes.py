"""Processes that die, stop or freeze under load: nothing lost, nothing twice (reliability.md F1, F2, F4, F6, F8)."""

import asyncio
import time
from signal import SIGCONT, SIGKILL

import pytest

from tests.support.faults import Plant

_KILLED = -SIGKILL


@pytest.mark.parametrize(
    "crash_at",
    [
        pytest.param("batch-begun/2", marks=pytest.mark.slow),  # F1: records read, nothing written
        "batch-written/3",  # F1: everything written, not committed
        pytest.param("batch-committed/3", marks=pytest.mark.slow),  # F2: committed, Kafka not told
    ],
)
async def test_a_consumer_killed_around_its_commit_neither_loses_nor_doubles(plant: Plant, crash_at: str) -> None:
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(60))
    plant.spawn("billing", crash_at=crash_at, CLOSEBOOK_BATCH_RECORDS="10")
    async with plant.load():
        assert await plant.until_dead("billing") == _KILLED
        since = plant.mark("billing")
        await plant.start("billing")
    await plant.prove()
    assert plant.said("billing", "partition_claimed", since)
    assert not plant.said("billing", "dead_letter", since)


@pytest.mark.slow
async def test_a_consumer_killed_again_and_again_under_load_goes_on_where_it_stood(plant: Plant) -> None:
    async with plant.load(per_second=40):
        for seconds in (0.3, 0.9, 1.7):
            await asyncio.sleep(seconds)
            plant.stack.kill_service("billing")
            await plant.start("billing")
    await plant.prove()


async def test_sigterm_in_a_batch_drains_and_ends_with_0(plant: Plant) -> None:
    """F4."""
    since = plant.mark("billing")
    async with plant.load(per_second=80):
        await asyncio.sleep(1)
        started = time.monotonic()
        assert await plant.stack.stop_service("billing") == 0
        assert time.monotonic() - started < 30
        assert plant.said("billing", "drained", since)
    since = plant.mark("billing")
    await plant.start("billing")
    await plant.prove()
    assert sum(line.get("app.dup", 0) for line in plant.said("billing", "batch", since)) == 0


@pytest.mark.parametrize(
    "crash_at",
    [
        pytest.param("page-acknowledged/2", marks=pytest.mark.slow),
        pytest.param("page-read/2", marks=pytest.mark.slow),
        pytest.param("page-marked/2", marks=pytest.mark.slow),
    ],
)
async def test_a_relay_killed_around_the_acknowledgement_keeps_the_order_of_first_arrivals(
    plant: Plant, crash_at: str
) -> None:
    """F8: the page that Kafka has and the outbox still holds is sent again; the order is checked by I8."""
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(30))
    plant.spawn("billing", crash_at=crash_at, CLOSEBOOK_BATCH_RECORDS="10")
    async with plant.load():
        assert await plant.until_dead("billing") == _KILLED
    waiting = await plant.value("billing", "select count(*) from msg.outbox_pending")
    await plant.start("billing")
    await plant.prove()
    if crash_at.startswith("page-acknowledged"):
        assert waiting > 0
        assert await plant.repeats("billing") > 0


@pytest.mark.slow
@pytest.mark.parametrize("point", ["batch-written/3/STOP", "batch-begun/3/STOP"])
async def test_a_frozen_consumer_is_replaced_and_fenced_when_it_thaws(plant: Plant, point: str) -> None:
    """F6: frozen with its transaction open, or with a batch in its hands; the second process takes the lanes over.

    Thawed, it learns that from the database, or from Kafka where that answers first.
    """
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(60))
    plant.spawn("billing", crash_at=point, CLOSEBOOK_BATCH_RECORDS="10")
    await plant.until_frozen("billing")
    await plant.say_many(plant.mixture(60))
    await plant.start("billing", 2)
    await plant.until_read("billing", seconds=60)
    since = plant.mark("billing")
    plant.stack.processes["billing", 1].child.send(SIGCONT)
    await plant.say_many(plant.mixture(60))
    await plant.prove(90)
    assert plant.said("billing", "fenced", since) or plant.said("billing", "partition_lost", since)


@pytest.mark.slow
async def test_two_processes_share_the_partitions_and_the_second_relays_when_the_first_dies(plant: Plant) -> None:
    await plant.start("billing", 2)
    since = plant.mark("billing-2")
    async with plant.load(per_second=40):
        await plant.until_shared("billing")
        leads = [(await plant.facts("billing", number))["relay_leads"] for number in (1, 2)]
        assert leads == [True, False]
        plant.stack.kill_service("billing")
        await plant.until_leads("billing", 2)
    await plant.say_many(plant.mixture(10))
    await plant.settle()
    assert plant.said("billing-2", "relay_elected", since)
    assert plant.said("billing-2", "page", since)
    await plant.close_day()
    await plant.prove(90)
    async with plant.load():
        await plant.start("billing", 1)
        await asyncio.sleep(2)
        assert await plant.stack.stop_service("billing", 2) == 0
    await plant.close_day()
    await plant.prove(90)


@pytest.mark.slow
async def test_a_frozen_relay_loses_its_lease_and_does_no_harm_when_it_thaws(plant: Plant) -> None:
    """F7: frozen with a page that Kafka has and the outbox still holds; the second process relays and closes days."""
    await plant.stack.stop_service("billing")
    await plant.say_many(plant.mixture(30))
    plant.spawn("billing", crash_at="page-acknowledged/2/STOP", CLOSEBOOK_BATCH_RECORDS="10")
    await plant.until_frozen("billing")
    since = plant.mark("billing")
    await plant.start("billing", 2)
    await plant.until_leads("billing", 2)
    await plant.say_many(plant.mixture(30))
    await plant.close_day(seconds=90)
    plant.stack.processes["billing", 1].child.send(SIGCONT)
    await plant.say_many(plant.mixture(30))
    await plant.close_day(seconds=90)
    await plant.prove(90)
    assert plant.stack.processes["billing", 1].child.running
    assert plant.said("billing", "publish_blocked", since) or plant.said("billing", "relay_lost", since)
