"""A database copied before or in a day's work takes in again what it forgot of a day that was never closed."""

from dataclasses import replace

import asyncpg

from shared.bus.day import DaySlice
from shared.bus.service import build
from shared.embedded.stack import PostgresServer
from shared.events.owners import UnitChanged
from shared.events.topics import OWNERS_UNIT
from shared.rebuild.remembering import remember
from tests.integration.bus.conftest import Bench, Benches
from tests.integration.bus.test_days import DAY, closed_days, end_day
from tests.integration.bus.test_retaking import copied
from tests.support.bus import eventually

_SLICES = 3


class Morning:
    """A day's work of three slices, each of which says something; it breaks off before ``stop``."""

    def __init__(self, stop: int = _SLICES) -> None:
        self.stop = stop
        self.done: list[int] = []

    async def __call__(self, piece: DaySlice) -> None:
        number = int(piece.progress or 0)
        if number == self.stop:
            raise ConnectionError
        async with piece.open(str(number + 1) if number + 1 < _SLICES else None) as work:
            unit = {
                "unit_id": f"U{number}", "development_id": "D", "kind": "flat", "tenure": "owned",
                "managed_from": piece.day, "address": {"lines": ["1 Close"], "town": "Glasgow", "postcode": "G1 1AA"},
            }  # fmt: skip
            work.stage(OWNERS_UNIT, UnitChanged.model_validate(unit, strict=False))
        self.done.append(number)


async def _remembered(bench: Bench) -> None:
    running = build(bench.service, bench.settings())
    await remember(running)
    await running.cuts.stop()
    await running.engine.dispose()


async def _break_off(bench: Bench, slices: int) -> None:
    """Let a day begin, do so many slices of it, tell Kafka, and go no further."""
    work = Morning(stop=slices)
    bench.service = replace(bench.service, day_work=work)
    async with bench.running():
        await end_day(bench, DAY)

        async def said() -> bool:
            return len(work.done) == slices and await bench.count("msg.outbox_pending") == 0

        await eventually(said)
    assert await closed_days(bench) == []


async def test_a_day_lost_in_the_middle_of_its_work_is_worked_again_and_closed_once(
    benches: Benches, postgres: PostgresServer
) -> None:
    bench = await benches("owners")
    async with copied(postgres, bench) as urls:
        await _break_off(bench, 2)
        work = Morning()
        older = replace(
            bench, urls=urls, sql=await asyncpg.connect(urls.owner_url), service=replace(bench.service, day_work=work)
        )
        await _remembered(older)
        said = (
            "select event_uid, msg_key, aggver, book from msg.event_log where topic = 'owners.unit-changed' order by 2"
        )
        before = [tuple(row) for row in await bench.sql.fetch(said)]
        assert [tuple(row) for row in await older.sql.fetch(said)][:2] == before
        assert await closed_days(older) == []
        async with older.running():
            await eventually(lambda: older.count("msg.closed_day"))
            await eventually(lambda: _empty(older))
        assert work.done == [0, 1, 2]
        assert await closed_days(older) == [DAY]
        sent = [len(await bench.kafka.read_all(topic)) for topic in ("owners.unit-changed", "owners.day-closed")]
        assert sent == [3, 1]
        await older.sql.close()


async def _empty(bench: Bench) -> bool:
    return await bench.count("msg.outbox_pending") == 0


async def test_a_copy_taken_in_the_middle_of_a_days_work_goes_on_from_its_slice(
    benches: Benches, postgres: PostgresServer
) -> None:
    bench = await benches("owners")
    await _break_off(bench, 1)
    async with copied(postgres, bench) as urls:
        bench.service = replace(bench.service, day_work=Morning())
        async with bench.running():
            await eventually(lambda: bench.count("msg.closed_day"))
            await eventually(lambda: _empty(bench))
        work = Morning()
        older = replace(
            bench, urls=urls, sql=await asyncpg.connect(urls.owner_url), service=replace(bench.service, day_work=work)
        )
        await _remembered(older)
        assert (work.done, await closed_days(older)) == ([1, 2], [DAY])
        assert await _empty(older)
        await older.sql.close()
