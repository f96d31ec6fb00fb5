"""A database that stands still and goes on: what was asked meanwhile failed, and nothing is broken afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from shared.bus.failures import FailureKind, kind_of
from shared.db.engine import connect, create_engine, driver, session_factory
from tests.integration.shared.conftest import Server

Sessions = async_sessionmaker[AsyncSession]


async def first_process(server: Server) -> int:
    """Return the process id of a server on this machine."""
    admin = await connect(server.admin, application_name="tests")
    noted = Path(await admin.fetchval("show data_directory")) / "postmaster.pid"
    await admin.close()
    if not noted.exists():
        pytest.skip("the server runs in a container: its processes are not ours to stop")
    return int(noted.read_text().splitlines()[0])


@asynccontextmanager
async def frozen(server: Server, seconds: float) -> AsyncIterator[None]:
    """Freeze the server and all its processes; they go on by themselves, also while somebody waits for them."""
    first = psutil.Process(await first_process(server))
    all_ = [first, *first.children()]
    for process in all_:
        process.suspend()

    def thaw() -> None:
        for process in all_:
            process.resume()

    thaws = asyncio.get_running_loop().call_later(seconds, thaw)
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, thaws.when() - asyncio.get_running_loop().time()) + 0.1)


@pytest.fixture
async def impatient(server: Server) -> AsyncIterator[AsyncEngine]:
    """An engine with one connection, whose commands may take a quarter of a second."""
    engine = create_engine(server.urls["billing_app"], application_name="tests", pool_size=1, command_timeout=0.25)
    yield engine
    await engine.dispose()


async def by_driver(sessions: Sessions) -> object:
    async with sessions.begin() as session:
        return await (await driver(session)).fetchval("select 1")


async def by_session(sessions: Sessions) -> object:
    async with sessions.begin() as session:
        return await (await session.connection()).exec_driver_sql("select 1")


@pytest.mark.parametrize("seconds", [0.3, 1.0])
@pytest.mark.parametrize("ask", [by_driver, by_session])
async def test_a_transaction_that_could_not_be_begun_in_time_leaves_no_broken_connection(
    server: Server, impatient: AsyncEngine, ask: Callable[[Sessions], Awaitable[object]], seconds: float
) -> None:
    """The driver believes itself inside a transaction that never began: on that connection nothing could begin."""
    sessions = session_factory(impatient)
    await ask(sessions)
    async with frozen(server, seconds):
        with pytest.raises(Exception) as failed:  # noqa: PT011 - that it is of the kind that passes is the point
            await ask(sessions)
    assert kind_of(failed.value) is FailureKind.TRANSIENT
    for _ in range(3):
        await ask(sessions)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
@pytest.mark.parametrize("ask", [by_driver, by_session])
async def test_a_transaction_whose_beginning_was_cancelled_leaves_no_broken_connection(
    server: Server, impatient: AsyncEngine, ask: Callable[[Sessions], Awaitable[object]], seconds: float
) -> None:
    sessions = session_factory(impatient)
    await ask(sessions)
    async with frozen(server, seconds):
        task = asyncio.ensure_future(ask(sessions))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
    for _ in range(3):
        await ask(sessions)
