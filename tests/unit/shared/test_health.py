import asyncio
import time

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from shared import metrics
from shared.health import Health, monitor, private_app


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    healthy = Health("owners", startup_done=True, schema_ok=True, progress_at=clock(), clock=clock)
    healthy.pinged()
    return healthy


def test_ready_until_something_is_missing(health: Health, clock: Clock) -> None:
    assert health.unready() == []
    health.draining, health.schema_ok = True, False
    assert health.unready() == ["draining", "schema"]
    clock.now += 11
    assert "database" in health.unready()


async def test_a_stopped_partition_is_said_and_leaves_the_process_within_reach(health: Health) -> None:
    app = private_app(health)
    assert (await ask(app, "/readyz")).json() == {"ok": True, "failing": [], "degraded": []}
    health.stopped = frozenset({"unread_data_expired", "quarantine_tripped"})
    ready = await ask(app, "/readyz")
    stopped = ["quarantine_tripped", "unread_data_expired"]
    assert (ready.status_code, ready.json()) == (200, {"ok": True, "failing": [], "degraded": stopped})
    assert (await ask(app, "/statusz")).json()["degraded"] == stopped


def test_no_progress_matters_only_while_there_is_work(health: Health, clock: Clock) -> None:
    clock.now += 61
    health.pinged()
    assert health.unready() == []
    health.caught_up = False
    assert health.unready() == ["progress"]
    health.progressed()
    assert health.unready() == []


def test_a_silent_part_is_dead(health: Health, clock: Clock) -> None:
    health.watch("relay", 5)
    clock.now += 4
    health.beat("relay")
    clock.now += 4
    assert health.dead() == []
    clock.now += 2
    assert health.dead() == ["relay"]


async def ask(app: object, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://private") as client:
        return await client.get(path)


async def test_the_private_port_answers_without_database(health: Health, clock: Clock) -> None:
    async def away() -> dict[str, object]:
        raise OSError("postgresql://secret@host is away")

    app = private_app(health, facts=away, refresh=away)
    assert (await ask(app, "/livez")).json() == {"ok": True, "failing": []}
    clock.now += 60
    assert (await ask(app, "/livez")).status_code == 200
    ready = await ask(app, "/readyz")
    assert (ready.status_code, ready.json()["failing"]) == (503, ["database"])
    status = await ask(app, "/statusz")
    assert status.json()["incomplete"] == "OSError"
    assert "secret" not in status.text
    assert (await ask(app, "/startupz")).status_code == 200
    assert (await ask(app, "/elsewhere")).status_code == 404


async def test_metrics_are_readable_by_prometheus(health: Health) -> None:
    metrics.EVENTS.labels("housing.charge-raised.v1", "done").inc()
    text = (await ask(private_app(health), "/metrics")).text
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"outbox_pending_rows", "events_processed", "log_dropped", "event_loop_lag_seconds"} <= names
    assert 'events_processed_total{outcome="done",type="housing.charge-raised.v1"} ' in text


async def test_each_reason_for_not_being_ready_is_a_figure(health: Health) -> None:
    health.draining = True
    text = (await ask(private_app(health), "/metrics")).text
    assert 'service_unready{reason="draining"} 1.0' in text
    assert 'service_unready{reason="silent"} 0.0' in text


def test_every_metric_has_a_help_text_and_no_label_that_names_a_thing_or_a_person() -> None:
    allowed = {
        "topic", "partition", "reason_class", "type", "outcome", "kind", "sqlstate", "method", "route", "status",
        "version", "schema_version", "event", "source", "reason", "state", "channel", "code", "check", "hash",
    }  # fmt: skip
    for name, found in vars(metrics).items():
        if isinstance(found, MetricWrapperBase):
            assert len(found._documentation) > 10, name
            assert set(found._labelnames) <= allowed, name


async def test_the_monitor_pings_and_survives_a_database_that_is_away() -> None:
    health, stopping, calls = Health("owners"), asyncio.Event(), 0

    async def ping() -> None:
        nonlocal calls
        calls += 1

    task = asyncio.create_task(monitor(health, ping, stopping))
    await asyncio.sleep(0.7)
    stopping.set()
    await task
    assert calls == 1
    assert health.clock() - health.ping_at < 5

    async def away() -> None:
        raise OSError

    stopping.clear()
    task = asyncio.create_task(monitor(health, away, stopping))
    await asyncio.sleep(0.6)
    stopping.set()
    await asyncio.wait_for(task, 2)
    assert time.monotonic() - health.ping_at > 0.5


async def test_whoever_takes_in_again_has_started_but_is_not_ready() -> None:
    """An orchestrator ends what has not started in time: hours of retaking would be begun again and again."""
    health = Health("owners", schema_ok=True)
    app = private_app(health)
    assert (await ask(app, "/startupz")).status_code == 503
    health.retaking.under_way, health.retaking.taken, health.retaking.of = True, 2, 5
    assert [(await ask(app, path)).status_code for path in ("/startupz", "/livez", "/readyz")] == [200, 200, 503]
    assert (await ask(app, "/statusz")).json()["retaking"] == {"taken": 2, "of": 5}
