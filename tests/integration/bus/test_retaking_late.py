"""Records applied ahead of their turn are taken in again ahead of it: what came together, with one client."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.bus.cuts import Cuts
from shared.bus.service import build
from shared.bus.work import OPENING_BOOK
from shared.embedded.stack import PostgresServer
from shared.rebuild.remembering import remember
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_days import DAY, LINE, closed_days, end_day, owners_closed, owners_line
from tests.integration.bus.test_retaking import copied
from tests.support.bus import eventually

_LATE = 6
_SEEN = "select key, book from public.seen order by n"


async def _live(bench: Bench) -> None:
    """Let a day wait for what was said again behind the barrier, close it, and read on."""
    async with bench.running():
        await owners_line(bench, "U1", OPENING_BOOK)
        await end_day(bench, DAY)
        await owners_line(bench, "LATER", DAY + timedelta(days=1))
        for number in range(_LATE):
            await owners_line(bench, f"LATE-{number}", DAY)
        await owners_closed(bench, DAY, 1 + _LATE, 1)

        async def all_read() -> bool:
            return await bench.count("msg.position", f"topic = '{LINE}' and next_offset = {2 + _LATE}") == 1

        await eventually(all_read)
        await eventually(lambda: _all_said(bench))


async def _all_said(bench: Bench) -> bool:
    return await bench.count("msg.outbox_pending") == 0


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Count the clients that questions to Kafka start."""
    started: list[Any] = []
    make = Cuts._new

    def noting(cuts: Cuts) -> Any:
        started.append(make(cuts))
        return started[-1]

    monkeypatch.setattr(Cuts, "_new", noting)
    return started


async def test_what_came_late_is_taken_in_again_before_its_turn_and_with_one_client(
    billing: Bench, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with copied(postgres, billing) as urls:
        await _live(billing)
        older = replace(billing, urls=urls, sql=await asyncpg.connect(urls.owner_url))
        running = build(older.service, older.settings())
        started = _counted(monkeypatch)
        await remember(running)
        # One that is kept, one for the tails, one for what was said since, one for each time that something came late.
        late = await older.sql.fetchval("select count(*) from msg.event_log where body like '%\"late\":true%'")
        assert len(started) == 3 + late
        assert 1 <= late < _LATE
        lived = [tuple(row) for row in await billing.sql.fetch(_SEEN)]
        assert [tuple(row) for row in await older.sql.fetch(_SEEN)] == lived
        assert len(lived) == 2 + _LATE
        assert lived[-1][0] == "LATER"
        assert await closed_days(older) == [DAY]
        await running.cuts.stop()
        await running.engine.dispose()
        await older.sql.close()
