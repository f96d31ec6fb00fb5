"""What monitoring reads is true at the moment it reads it, and reading never fails."""

import asyncio
import time
from dataclasses import replace
from datetime import date
from typing import Any

import httpx

from shared.bus.measuring import Measuring
from shared.bus.service import Running
from shared.health import Health, private_app
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually
from tests.support.figures import figure


async def scrape(running: Running, health: Health, measuring: Measuring | None = None) -> httpx.Response:
    app = private_app(health, refresh=(measuring or Measuring(running, health)).refresh)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://private") as client:
        return await client.get("/metrics")


def kafka_read_at() -> float:
    return figure("figures_read_timestamp_seconds", source="kafka") or 0


async def measured(running: Running, health: Health) -> None:
    """Scrape until Kafka has answered: a busy machine's first answer may come after a scrape's deadline."""
    before, measuring = kafka_read_at(), Measuring(running, health)

    async def answered() -> bool:
        assert (await scrape(running, health, measuring)).status_code == 200
        return kafka_read_at() > before

    await eventually(answered)


def lag(partition: int = 0) -> float | None:
    return figure("consumer_lag_records", topic=CHARGES, partition=str(partition))


async def test_a_scrape_shows_the_lag_although_nobody_asked_for_the_status(billing: Bench) -> None:
    from shared.bus.service import build

    for number in range(1, 4):
        await billing.kafka.send(CHARGES, charge(number), partition=1)
    stopped = build(billing.service, billing.settings())
    health = Health("billing", progress_at=0.0)
    await measured(stopped, health)
    assert (lag(0), lag(1)) == (0, 3)
    assert health.progress_at == 0.0
    await stopped.cuts.stop()
    await stopped.engine.dispose()
    async with billing.running() as running:
        await eventually(lambda: _read(billing, 3))
        await measured(running, health)
        assert lag(1) == 0
        assert health.progress_at > 0
        assert (figure("event_end_to_end_seconds_count") or 0) > 0
        assert time.time() - kafka_read_at() < 30


async def test_a_process_with_records_before_it_that_stands_still_is_not_ready(billing: Bench) -> None:
    health = Health("billing", startup_done=True, schema_ok=True)
    health.pinged()
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _read(billing, 1))
        await measured(running, health)
        assert health.caught_up
        await _fall_behind(billing, running)
        health.progress_at = time.monotonic() - 61
        await measured(running, health)
        assert (health.caught_up, health.unready()) == (False, ["progress"])
        await billing.sql.execute("update msg.gate set working = '2026-04-01', stage = 'working'")
        await measured(running, health)
        assert (health.caught_up, health.unready()) == (True, [])


async def test_only_what_waits_for_this_process_alone_is_its_work(billing: Bench) -> None:
    """What another process reads, or what waits for our book, is not: then nobody may say that this one is stuck."""
    health = Health("billing", startup_done=True, schema_ok=True)
    health.pinged()
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _read(billing, 1))
        await running.broker.stop()
        await billing.kafka.send(CHARGES, charge(2), partition=1)
        health.progress_at = time.monotonic() - 61
        await measured(running, health)
        assert (figure("consumer_has_work"), time.monotonic() - health.progress_at < 60) == (0, True)
        await billing.kafka.send(CHARGES, charge(3), partition=0)
        await measured(running, health)
        assert (figure("consumer_has_work"), health.caught_up) == (1, False)
        running.consumer._ahead[CHARGES, 0] = date(2026, 4, 1), 0
        await measured(running, health)
        assert (figure("consumer_has_work"), health.caught_up) == (0, True)
        running.consumer._ahead.clear()


async def test_a_scrape_answers_in_time_when_no_server_does(billing: Bench) -> None:
    from shared.bus.service import build

    away = build(billing.service, replace_kafka(billing))
    started = time.monotonic()
    answer = await scrape(away, Health("billing"))
    assert (answer.status_code, time.monotonic() - started < 3) == (200, True)
    assert figure("service_unready", reason="database") == 1
    await asyncio.sleep(0)
    await away.engine.dispose()


async def test_what_a_service_measures_itself_is_asked_with_the_rest(billing: Bench) -> None:
    asked: list[str] = []

    async def own(running: Running) -> None:
        asked.append(running.service.name)
        raise ConnectionError

    billing.service = replace(billing.service, figures=own)
    async with billing.running() as running:
        assert (await scrape(running, Health("billing"))).status_code == 200
    assert asked == ["billing"]


def replace_kafka(bench: Bench) -> Any:
    return bench.settings().model_copy(update={"kafka": "127.0.0.1:1"})


async def _read(bench: Bench, records: int) -> bool:
    return bool(await bench.sql.fetchval("select sum(next_offset) from msg.position") == records)


async def _fall_behind(bench: Bench, running: Running) -> None:
    """Stop the consumer, then let a record come that nobody reads."""
    await running.broker.stop()
    await bench.kafka.send(CHARGES, charge(2), partition=0)
