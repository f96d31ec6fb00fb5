"""Servers that stop, freeze and die under load; nobody lends a hand, and the books are right afterwards."""

import asyncio
import time
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP, Signals
from urllib.parse import urlsplit

import psutil
import pytest

from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import Plant
from tests.support.proxy import Proxy


def _pids(plant: Plant) -> list[int]:
    return [plant.stack.processes[service, 1].child.pid for service in LINE_OF_SERVICES]


@pytest.mark.slow
@pytest.mark.parametrize("number", [SIGQUIT, SIGKILL])
async def test_postgresql_stopped_at_once_and_restarted_under_load(plant: Plant, number: Signals) -> None:
    """F48 (immediate shutdown), F49 (postmaster killed): the same batches are retried, no process ends."""
    pids = _pids(plant)
    async with plant.load():
        await asyncio.sleep(1)
        plant.postgres.process.send(number)
        await plant.postgres.process.wait(30)
        await asyncio.sleep(2)
        await plant.postgres.start()
        back = time.monotonic()
        await plant.until_moving("billing")
        assert time.monotonic() - back < 20
    await plant.close_day()
    await plant.prove(90, leaves=["billing:retrying"])
    assert _pids(plant) == pids
    assert all(plant.stack.processes[service, 1].child.running for service in LINE_OF_SERVICES)
    assert not plant.said("billing", "dead_letter", plant.began["billing"])


@pytest.mark.slow
async def test_a_database_frozen_for_longer_than_a_command_may_take_costs_time_only(plant: Plant) -> None:
    """F42: unlike behind a black hole, what was asked arrives after all, when nobody waits for the answer any more."""
    pids = _pids(plant)
    first = psutil.Process(plant.postgres.process.pid)
    async with plant.load():
        await asyncio.sleep(1)
        frozen = [first, *first.children()]
        for process in frozen:
            process.suspend()
        try:
            await asyncio.sleep(13)
        finally:
            for process in frozen:
                process.resume()
        await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90, leaves=["billing:retrying"])
    assert _pids(plant) == pids
    for service in LINE_OF_SERVICES:
        assert not plant.said(service, "dead_letter", plant.began[service])


@pytest.mark.slow
async def test_a_broker_frozen_for_twenty_seconds_costs_time_only(plant: Plant) -> None:
    """F20."""
    pids = _pids(plant)
    async with plant.load():
        await asyncio.sleep(1)
        plant.kafka.process.send(SIGSTOP)
        try:
            await asyncio.sleep(20)
        finally:
            plant.kafka.process.send(SIGCONT)
        await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90)
    assert _pids(plant) == pids


@pytest.mark.slow
async def test_a_service_drains_while_the_broker_is_frozen(plant: Plant) -> None:
    """F20: SIGTERM ends it within its budget, exit 0 or 70, and nothing is lost."""
    async with plant.load():
        await asyncio.sleep(1)
        plant.kafka.process.send(SIGSTOP)
        try:
            await asyncio.sleep(1)
            started = time.monotonic()
            code = await plant.stack.stop_service("billing")
            assert time.monotonic() - started < 30
            assert code in {0, 70}
        finally:
            plant.kafka.process.send(SIGCONT)
    await plant.start("billing")
    await plant.prove(90)


@pytest.mark.slow
async def test_a_broker_killed_and_restarted_on_its_data_loses_nothing(plant: Plant) -> None:
    pids = _pids(plant)
    async with plant.load():
        await asyncio.sleep(1)
        plant.kafka.kill()
        await asyncio.sleep(2)
        await plant.kafka.start()
        await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90)
    assert _pids(plant) == pids


@pytest.mark.slow
async def test_a_database_whose_name_moves_is_found_at_its_new_address(plant: Plant, tmp_path: Path) -> None:
    """F46: the name stands for another address, and nobody listens at the one of before."""
    server = urlsplit(plant.postgres.admin_url).port or 0
    old = await Proxy(server, host="127.0.0.2").start()
    new = Proxy(server, old.port, host="127.0.0.3")
    names = tmp_path / "names"
    names.write_text(f"database.test {old.host}\n")
    address = plant.stack.urls["billing"].app_url.replace(f"127.0.0.1:{server}", f"database.test:{old.port}")
    await plant.stack.stop_service("billing")
    await plant.start("billing", BILLING_DATABASE_URL=address, NAMES=str(names))
    try:
        async with plant.load():
            await plant.until_moving("billing")
            names.write_text(f"database.test {new.host}\n")
            await new.start()
            await old.stop()
            moved = time.monotonic()
            await plant.until_moving("billing")
            assert time.monotonic() - moved < 30
        await plant.close_day(seconds=90)
        await plant.prove(90, leaves=["billing:retrying"])
    finally:
        await plant.stack.stop_service("billing")
        await new.stop()
