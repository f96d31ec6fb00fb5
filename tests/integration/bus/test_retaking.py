"""A database copied in the middle of its life takes in again what it forgot, and ends like the one that went on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.bus.commands import Given, give
from shared.bus.service import build
from shared.bus.work import Work
from shared.db.engine import driver
from shared.embedded.databases import ServiceUrls, drop_database, make_database
from shared.embedded.stack import PostgresServer
from shared.events.base import Event
from shared.events.owners import OwnershipLineChanged
from shared.events.topics import OWNERS_LINE
from shared.rebuild.remembering import remember
from shared.rebuild.retaking import OtherwiseError
from tests.integration.bus.conftest import Bench, Benches
from tests.integration.bus.test_days import DAY, closed_days, end_day
from tests.support.bus import cloud_event, eventually

UNITS = "housing.unit-registered"
_STATE = {
    "seen": "select uid, key, book from public.seen order by uid",
    "inbox": "select event_uid, disposition, book, own_book, partition_no, kafka_offset from msg.inbox order by 1",
    "positions": "select topic, partition_no, next_offset, last_sha from msg.position order by 1, 2",
    "said": "select topic, msg_key, aggver, event_uid, book, convert_from(body, 'UTF8')::jsonb -> 'data' as data "
    "from msg.event_log where topic <> 'owners.command-given' order by 1, 2, 3",
    "commands": "select body from msg.event_log where topic = 'owners.command-given' order by event_uid",
    "letters": "select topic, partition_no, kafka_offset, reason_code, status, decided_by from msg.dead_letter "
    "order by 1, 2, 3",
    "days": "select day, after, totals from msg.closed_day order by day",
    "audit": "select who, action, subject, reason, detail from msg.audit order by id",
    "outbox": "select * from msg.outbox_pending",
}


def unit(number: int, kind: str = "flat") -> bytes:
    data = {
        "unit_id": f"U{number}", "development_id": "D", "kind": kind, "tenure": "owned", "managed_from": "2019-04-01",
        "address": {"lines": ["1 Close"], "town": "Glasgow", "postcode": "G41 2PZ"},
    }  # fmt: skip
    return cloud_event(UNITS, data, f"unit-{number}-{kind}")


async def _number(work: Work, event: Event[Any]) -> None:
    """Say how many units were seen before: another order or another batch would say something else."""
    await work.lock(exclusive=["unit:U"])
    seen = await (await driver(work.session)).fetchval("select count(*) from public.seen")
    if event.data.kind == "garage":
        work.refuse(event, "no-garages", "because", "kind")
    else:
        work.stage(OWNERS_LINE, OwnershipLineChanged(unit_id="U", version=seen + 1, line=()), cause=event)


async def _send(bench: Bench, *numbers: int, kind: str = "flat") -> None:
    for number in numbers:
        await bench.kafka.send(UNITS, unit(number, kind), key=f"U{number}".encode(), partition=number % 3)


@asynccontextmanager
async def copied(server: PostgresServer, bench: Bench) -> AsyncIterator[ServiceUrls]:
    """Copy a database to which nobody is connected."""
    name = urlsplit(bench.urls.app_url).path.lstrip("/")
    await bench.sql.close()
    urls = await make_database(server.admin_url, bench.service.name, f"{name}_copy", template=name)
    bench.sql = await asyncpg.connect(bench.urls.owner_url)
    yield urls
    await drop_database(server.admin_url, f"{name}_copy")


async def _state(connection: asyncpg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in _STATE.items()}


async def _there_are(bench: Bench, wanted: int, table: str = "public.seen") -> None:
    async def are_there() -> bool:
        return await bench.count(table) == wanted

    await eventually(are_there)


async def _first_life(bench: Bench) -> None:
    """Take in three units and close a day."""
    bench.recorder.behaviours[UNITS] = _number
    await _send(bench, 1, 2, 3)
    async with bench.running():
        await _there_are(bench, 3)
        await end_day(bench, DAY)
        await eventually(lambda: bench.count("msg.closed_day"))


async def _second_life(bench: Bench) -> None:
    """Take in more, in several batches, a letter that is driven again among them; close a day, and go on."""
    second, third = DAY + timedelta(days=1), DAY + timedelta(days=2)
    async with bench.running(batch_records=2) as running:
        await _send(bench, 4, 5, 6, 7, 8, 9)
        await _send(bench, 10, kind="garage")
        await bench.kafka.send(UNITS, b"junk", partition=0)
        await _there_are(bench, 2, "msg.dead_letter")
        await _there_are(bench, 9)
        number = await bench.sql.fetchval("select id from msg.dead_letter where reason_code = 'no-garages'")
        bench.recorder.behaviours.clear()
        given = Given("dead-letter-redrive", f"dead-letter:{number}", "op", "mended", {"dead_letter": number})
        assert await running.redriver.redrive(number, given) == "done"
        bench.recorder.behaviours[UNITS] = _number
        await end_day(bench, second)
        await eventually(lambda: bench.count("msg.closed_day", f"day = '{second}'"))
        await end_day(bench, third)
        await eventually(lambda: bench.count("msg.closed_day", f"day = '{third}'"))
        again = Given("republish", "x:y", "op", "to be sure", {"topic": "x", "book": "y"})
        await give(running.doors, again, _nothing)
        await _send(bench, 11, 12)
        await _there_are(bench, 12)


async def _nothing(_work: Work) -> dict[str, Any]:
    return {"events": 0}


async def test_a_copy_of_yesterday_ends_like_the_database_that_went_on(
    benches: Benches, postgres: PostgresServer
) -> None:
    bench = await benches("owners")
    await _first_life(bench)
    async with copied(postgres, bench) as urls:
        await _second_life(bench)
        older = replace(bench, urls=urls, sql=await asyncpg.connect(urls.owner_url))
        await _dead_letter_driven_as_then(older)
        assert await _state(older.sql) == await _state(bench.sql)
        assert await closed_days(older) == [DAY + timedelta(days=n) for n in range(3)]
        async with older.running():
            await _send(older, 13)
            await _there_are(older, 13)
        versions = "select count(*) = max(aggver) from msg.event_log where topic = 'owners.ownership-changed'"
        assert await older.sql.fetchval(versions)
        await older.sql.close()


async def _dead_letter_driven_as_then(older: Bench) -> None:
    """Let the copy remember; the garage is refused at first and, driven again, is taken in, as it was."""

    async def once_refused(work: Work, event: Event[Any]) -> None:
        letters = await (await driver(work.session)).fetchval("select count(*) from msg.dead_letter")
        if event.data.kind == "garage" and letters == 2:
            return
        await _number(work, event)

    older.recorder.behaviours[UNITS] = once_refused
    running = build(older.service, older.settings())
    await remember(running)
    await running.cuts.stop()
    await running.engine.dispose()
    older.recorder.behaviours[UNITS] = _number


async def test_a_copy_that_decides_otherwise_is_not_let_speak(benches: Benches, postgres: PostgresServer) -> None:
    bench = await benches("owners")
    await _first_life(bench)
    async with copied(postgres, bench) as urls:
        async with bench.running():
            await _send(bench, 4)
            await _there_are(bench, 4)
        bench.recorder.behaviours.clear()
        running = build(bench.service, replace(bench, urls=urls).settings())
        with pytest.raises(OtherwiseError, match=r"something else: owners.ownership-changed 1\."):
            await remember(running)
        await running.cuts.stop()
        await running.engine.dispose()


async def test_what_was_refused_once_is_not_let_speak_by_another_start(
    benches: Benches, postgres: PostgresServer
) -> None:
    """The first start has written other content under the same names: a second one must not take that for known."""
    bench = await benches("owners")
    await _first_life(bench)
    async with copied(postgres, bench) as urls:
        async with bench.running():
            await _send(bench, 4)
            await _there_are(bench, 4)

        async def otherwise(work: Work, event: Event[Any]) -> None:
            work.stage(OWNERS_LINE, OwnershipLineChanged(unit_id="U", version=99, line=()), cause=event)

        bench.recorder.behaviours[UNITS] = otherwise
        running = build(bench.service, replace(bench, urls=urls).settings())
        for _ in range(2):
            with pytest.raises(OtherwiseError, match=r"something else: owners.ownership-changed 1\."):
                await remember(running)
        await running.cuts.stop()
        await running.engine.dispose()
