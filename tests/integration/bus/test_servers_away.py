"""A process whose servers are away lives on, for starting it again would not bring them back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from shared.bus import process, relay
from shared.bus.service import Running, build
from shared.health import Health
from tests.integration.bus.conftest import Bench
from tests.support.bus import eventually

_NOWHERE = "127.0.0.1:1"
AWAY: dict[str, dict[str, Any]] = {
    "kafka": {"kafka": _NOWHERE},
    "postgresql": {"database_url": SecretStr(f"postgresql://nobody@{_NOWHERE}/none")},
}


@asynccontextmanager
async def relaying(bench: Bench, server: str, health: Health, patience_s: float) -> AsyncIterator[Running]:
    """Run a service's relay without one of its servers, watched with little patience."""
    running = build(bench.service, bench.settings().model_copy(update=AWAY[server]))
    parts = [asyncio.create_task(running.relay.run())]
    parts.append(asyncio.create_task(process._watch(running, health, patience_s)))
    try:
        yield running
    finally:
        running.stopping.set()
        running.relay.stopping.set()
        await asyncio.wait_for(asyncio.gather(*parts), 20)
        await running.engine.dispose()


async def test_a_relay_whose_server_is_away_is_alive(
    billing: Bench, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_LONGEST_PAUSE_S", 0.1)
    watched = {server: Health("billing") for server in AWAY}
    async with AsyncExitStack() as stack:
        for server, health in watched.items():
            await stack.enter_async_context(relaying(billing, server, health, patience_s=1.5))
        await asyncio.sleep(3.5)
        assert {server: health.dead() for server, health in watched.items()} == {"kafka": [], "postgresql": []}
    assert sum(line["event.name"] == "publish_blocked" for line in lines) >= 3


async def test_a_relay_that_hangs_is_dead(billing: Bench) -> None:
    """The beat is the loop's own: it stops when the loop does, whatever the servers do."""
    health = Health("billing")
    hung: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    async with relaying(billing, "kafka", health, patience_s=0.3) as running:
        running.relay._connect = lambda: hung

        async def dead() -> bool:
            return health.dead() == ["relay"]

        await eventually(dead)
        hung.set_exception(ConnectionError())
