"""While a service takes in again what its database forgot, whoever watches it sees that it lives and how far it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest

from shared.bus import process
from shared.bus.service import Running, build
from shared.bus.work import Work
from shared.embedded.stack import PostgresServer
from shared.events.base import Event
from shared.settings import ServiceSettings
from tests.integration.bus.conftest import Bench, Benches
from tests.integration.bus.test_retaking import UNITS, _first_life, _number, _send, _there_are, copied
from tests.support.bus import eventually


class Hesitant:
    """A handler that waits before the third of the units that were forgotten."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.units = 0

    async def __call__(self, work: Work, event: Event[Any]) -> None:
        self.units += 1
        if self.units == 3:
            self.reached.set()
            await self.go_on.wait()
        await _number(work, event)


async def _forgotten(bench: Bench) -> None:
    """Take in three units that the copy does not know, each in a transaction of its own."""
    async with bench.running():
        for number in (4, 5, 6):
            await _send(bench, number)
            await _there_are(bench, number)


def _noted(monkeypatch: pytest.MonkeyPatch) -> list[Running]:
    """Note what the process builds: the test stops it by its stopping event."""
    built: list[Running] = []

    def noting(service: Any, settings: ServiceSettings) -> Running:
        built.append(build(service, settings))
        return built[-1]

    monkeypatch.setattr(process, "build", noting)
    return built


class Taking(NamedTuple):
    """A process that waits before the last of what it takes in again."""

    running: Running
    serving: asyncio.Future[int]
    hesitant: Hesitant


@asynccontextmanager
async def taking_in_again(
    benches: Benches, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Taking]:
    """Start a service on a copy of its database from before three units came."""
    bench = await benches("owners")
    await _first_life(bench)
    built = _noted(monkeypatch)
    async with copied(postgres, bench) as urls:
        await _forgotten(bench)
        bench.recorder.behaviours[UNITS] = hesitant = Hesitant()
        settings = replace(bench, urls=urls).settings(api_port=0, private_port=0)
        serving = asyncio.ensure_future(process._serve(bench.service, settings))
        await asyncio.wait_for(hesitant.reached.wait(), 30)
        yield Taking(built[0], serving, hesitant)


async def test_a_process_that_takes_in_again_lives_is_not_ready_and_shows_how_far_it_is(
    benches: Benches, postgres: PostgresServer, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with taking_in_again(benches, postgres, monkeypatch) as taking:
        (port,) = [line["app.private"] for line in lines if line["event.name"] == "listening"]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            pages = {path: await client.get(path) for path in ("/livez", "/startupz", "/readyz", "/statusz")}
            assert [page.status_code for page in pages.values()] == [200, 200, 503, 200]
            assert {"starting", "retaking"} <= set(pages["/readyz"].json()["failing"])
            assert pages["/statusz"].json()["retaking"] == {"taken": 2, "of": 3}
            assert "retaking_left 1.0" in (await client.get("/metrics")).text
            taking.hesitant.go_on.set()

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await eventually(ready)
            assert (await client.get("/statusz")).json()["retaking"] is None
        taking.running.stopping.set()
        assert await asyncio.wait_for(taking.serving, 40) == 0


async def test_a_process_that_takes_in_again_ends_when_it_is_told_to(
    benches: Benches, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with taking_in_again(benches, postgres, monkeypatch) as taking:
        taking.running.stopping.set()
        assert await asyncio.wait_for(taking.serving, 10) == 0
        await taking.running.cuts.stop()
        await taking.running.engine.dispose()
