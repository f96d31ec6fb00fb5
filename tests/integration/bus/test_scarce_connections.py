"""No connection is free: the consumer waits and blames no event, and whoever asks is told to ask again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.api import bus_router
from shared.bus.failures import FailureKind, kind_of
from shared.bus.service import Running
from shared.bus.work import Work
from shared.db.engine import create_engine
from shared.events.base import Event
from shared.local_issuer import LocalIssuer
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually
from tests.support.staff import as_, issuer, staff_door

__all__ = ["issuer"]


@asynccontextmanager
async def _all_lent(engine: AsyncEngine, size: int) -> AsyncIterator[None]:
    """Hold every connection of a pool."""
    async with AsyncExitStack() as held:
        for _ in range(size):
            await held.enter_async_context(engine.connect())
        yield


@asynccontextmanager
async def _broken() -> AsyncIterator[None]:
    """Fail as nobody expects."""
    raise ZeroDivisionError
    yield


async def test_an_event_is_not_blamed_for_a_pool_without_a_free_connection(
    billing: Bench, lines: list[dict[str, Any]]
) -> None:
    pool = create_engine(billing.urls.app_url, application_name="tests", pool_size=1, pool_timeout=0.01)
    tries: list[FailureKind] = []

    async def wait_in_vain(_work: Work, event: Event[Any]) -> None:
        if event.data.charge_id != "C3" or len(tries) == 6:
            return
        try:
            async with pool.connect() if len(tries) < 5 else _broken():
                pass
        except Exception as error:
            tries.append(kind_of(error))
            raise

    billing.recorder.behaviours[CHARGES] = wait_in_vain
    await billing.kafka.send_many(CHARGES, [(b"k", charge(number)) for number in range(6)])
    async with _all_lent(pool, 1), billing.running():
        await eventually(lambda: billing.sql.fetchval("select count(*) = 6 from public.seen"))
    await pool.dispose()
    assert tries == [FailureKind.TRANSIENT] * 5 + [FailureKind.BUG]
    assert await billing.count("msg.dead_letter") == 0
    assert [line for line in lines if line["event.name"] == "bisect"] == []


async def test_answers_that_take_every_connection_of_theirs_leave_the_consumer_its_own(
    billing: Bench, issuer: LocalIssuer
) -> None:
    async with billing.running(pool_size=4) as running, _all_lent(running.api_engine, 2):
        waiting = asyncio.create_task(_asked(running, issuer))
        await billing.kafka.send(CHARGES, charge(1), partition=0)
        started = time.monotonic()
        await eventually(lambda: billing.count("public.seen"))
        refused = await waiting
        assert time.monotonic() - started < 10
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.json().keys() == {"error", "detail", "correlation_id"}


async def test_a_consumer_that_takes_every_connection_of_its_own_leaves_people_theirs(
    billing: Bench, issuer: LocalIssuer
) -> None:
    async with billing.running(pool_size=4) as running:
        await eventually(lambda: _started(running))
        async with _all_lent(running.engine, 4):
            assert (await _asked(running, issuer)).status_code == 200


async def _asked(running: Running, issuer: LocalIssuer) -> httpx.Response:
    """Ask one question of the bench."""
    async with staff_door(issuer, "billing", bus_router(running)) as door:
        return await door.get("/bus/held", headers=as_(issuer, "operator"))


async def _started(running: Running) -> bool:
    return running.consumer.started
