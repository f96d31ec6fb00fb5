"""Who passes the day gate: batches together, a day alone, and none for ever before the other."""

import asyncio
from datetime import date

import asyncpg
import pytest

from shared.bus import gate
from shared.bus.gate import GateClosedError
from tests.integration.bus.conftest import Bench
from tests.support.bus import eventually

DAY = date(2026, 1, 5)
_WAITING = "select count(*) = $1 from pg_locks where not granted"


async def test_a_batch_that_comes_while_a_day_waits_does_not_pass_before_it(billing: Bench) -> None:
    """Batches that overlap would otherwise keep a day out as long as there is anything to read."""
    first, second, shutting = [await asyncpg.connect(billing.urls.app_url) for _ in range(3)]
    inside = first.transaction()
    await inside.start()
    await gate.enter(first)
    shut = asyncio.ensure_future(gate.shut(shutting, DAY))
    await eventually(lambda: billing.sql.fetchval(_WAITING, 1))
    async with second.transaction():
        entering = asyncio.ensure_future(gate.enter(second))
        await eventually(lambda: billing.sql.fetchval(_WAITING, 2))
        await inside.commit()
        await shut
        with pytest.raises(GateClosedError):
            await entering
    await asyncio.gather(first.close(), second.close(), shutting.close())


async def test_batches_pass_together(billing: Bench) -> None:
    first, second = [await asyncpg.connect(billing.urls.app_url) for _ in range(2)]
    async with first.transaction(), second.transaction():
        for one in (first, second):
            assert (await asyncio.wait_for(gate.enter(one), 5)).working is None
    await asyncio.gather(first.close(), second.close())
