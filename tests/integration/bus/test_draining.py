"""A process that is told to stop says so on its private port until the last thing it had begun is finished."""

import asyncio
from typing import Any

import httpx
import pytest

from shared.bus import process
from shared.bus.work import Work
from shared.events.base import Event
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.integration.bus.test_retaking_watched import _noted
from tests.support.bus import eventually


class Slow:
    """A handler in whose middle the process is told to stop."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _work: Work, _event: Event[Any]) -> None:
        self.reached.set()
        await self.go_on.wait()


async def test_a_draining_process_lives_is_not_ready_and_shows_it_to_the_end(
    billing: Bench, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = _noted(monkeypatch)
    billing.recorder.behaviours[CHARGES] = slow = Slow()
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    serving = asyncio.ensure_future(process._serve(billing.service, billing.settings(api_port=0, private_port=0)))
    await asyncio.wait_for(slow.reached.wait(), 30)
    (port,) = [line["app.private"] for line in lines if line["event.name"] == "listening"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def draining() -> bool:
            return "draining" in (await client.get("/readyz")).json()["failing"]

        assert not await draining()
        built[0].stopping.set()
        try:
            await eventually(draining, seconds=5)
            assert (await client.get("/livez")).status_code == 200
            assert 'service_unready{reason="draining"} 1.0' in (await client.get("/metrics")).text
        finally:
            slow.go_on.set()
            code = await asyncio.wait_for(serving, 40)
        with pytest.raises(httpx.ConnectError):
            await client.get("/readyz")
    assert (code, await billing.count("public.seen")) == (0, 1)
