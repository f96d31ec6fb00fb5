"""A process that froze in the middle of a COPY: no time limit of the server reaches it, so its successor ends it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.bus import positions
from shared.db.engine import connect
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually

_COPYING = "select exists (select from pg_stat_activity where state = 'active' and wait_event = 'ClientRead')"


@pytest_asyncio.fixture
async def watcher(billing: Bench) -> AsyncIterator[asyncpg.Connection]:
    """A session of the service's own role: it sees what the role's others wait for."""
    connection = await connect(billing.urls.app_url, application_name="watcher")
    yield connection
    await connection.close()


async def _nothing_more() -> AsyncIterator[bytes]:
    yield b""
    await asyncio.Event().wait()


async def test_the_lanes_of_a_process_that_froze_while_it_wrote_are_taken_over(
    billing: Bench, watcher: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(positions, "FROZEN_S", 1.0)
    frozen = await connect(billing.urls.app_url, application_name="frozen", command_timeout=None)
    await frozen.execute("begin")
    assert await positions.claim(frozen, (CHARGES, 0), "frozen") is not None
    writing = asyncio.ensure_future(frozen.copy_to_table("seen", schema_name="public", source=_nothing_more()))
    await eventually(lambda: watcher.fetchval(_COPYING))
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running():
        await eventually(lambda: billing.count("public.seen"))
    assert frozen.is_closed()
    writing.cancel()
    assert "frozen_session_ended" in {line["event.name"] for line in lines}


async def test_a_session_that_writes_on_is_left_alone(billing: Bench, watcher: asyncpg.Connection) -> None:
    writer = await connect(billing.urls.app_url, application_name="slow", command_timeout=None)
    writing = asyncio.ensure_future(writer.copy_to_table("seen", schema_name="public", source=_nothing_more()))
    await eventually(lambda: watcher.fetchval(_COPYING))
    assert await positions.end_frozen(watcher) == 0
    writing.cancel()
    await asyncio.wait([writing])
    await writer.close()
