"""What ends by itself is started again, but not for ever and not in vain; the others go on, and each thing is told."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.cli.keeper import Keeper
from shared.cli.supervisor import Stack
from shared.embedded.mail import EmbeddedMail
from shared.embedded.process import ChildProcess
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from shared.exit_codes import EXIT_CONFIGURATION, EXIT_FORGOTTEN, EXIT_TEMPORARY
from tests.support.bus import eventually

_STAND_IN = Path(__file__).parents[2] / "support" / "stand_in.py"
_PAUSES = (0.1, 0.3, 0.1)


def _program(service: str, verb: str) -> list[str]:
    return [sys.executable, str(_STAND_IN), service, verb]


class Kept:
    """A running stack of stand-ins, its keeper, and what it told."""

    def __init__(self, stack: Stack, steady_seconds: float) -> None:
        self.stack = stack
        self.told: list[str] = []
        self.keeper = Keeper(stack, tell=self.told.append, pauses=_PAUSES, steady_seconds=steady_seconds)
        self.keeping = asyncio.ensure_future(self.keeper.keep())

    def child(self, service: str) -> ChildProcess:
        return self.stack.processes[service, 1].child

    async def until_told(self, words: str) -> None:
        async def so() -> bool:
            assert not self.keeping.done()
            return any(words in line for line in self.told)

        await eventually(so, seconds=60)


Made = Callable[..., Awaitable[Kept]]


@pytest.fixture
async def kept(
    kafka_server: KafkaServer, postgres: PostgresServer, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Made]:
    made: list[Kept] = []

    async def make(*, steady_seconds: float = 60, failing: str = "", code: int = 3) -> Kept:
        servers = Servers(kafka_server, postgres, await EmbeddedMail(tmp_path / "mail").start())
        fails = {"STAND_IN_FAILS": failing, "STAND_IN_CODE": str(code)}
        stack = Stack(tmp_path, servers=servers, topic_prefix=topic_prefix, program=_program, overrides=fails)
        await stack.start(without={code} if failing else ())
        made.append(Kept(stack, steady_seconds))
        return made[-1]

    yield make
    for one in made:
        one.keeping.cancel()
        await one.stack.stop()


async def test_a_killed_service_is_started_again_and_the_others_stay(kept: Made) -> None:
    it = await kept()
    address, others = it.stack.processes["billing", 1].api_url, [it.child("owners").pid, it.child("notify").pid]

    it.stack.kill_service("billing")
    await it.until_told("billing runs again.")

    assert it.told[0].startswith("billing has ended by itself (killed by SIGKILL); its last words: ")
    assert it.told[0].endswith("It is started again in 0.1 s.")
    assert len(it.told) == 2
    assert it.child("billing").running
    assert it.stack.processes["billing", 1].api_url == address
    assert [it.child("owners").pid, it.child("notify").pid] == others


async def test_one_that_ends_again_and_again_is_given_up_with_growing_pauses(kept: Made) -> None:
    it = await kept()
    it.stack.overrides |= {"STAND_IN_FAILS": "billing"}

    it.stack.kill_service("billing")
    await it.until_told("It is given up, for that was 4 times in a row; the others go on.")
    started = len(it.stack.log_of("billing").read_text().splitlines())
    await asyncio.sleep(0.5)

    pauses = [float(line.split(" ")[-2]) for line in it.told if line.endswith(" s.")]
    assert pauses == list(_PAUSES)
    assert "(exit code 3); its last words: no such table - its log: " in it.told[-1]
    assert it.keeper.resting() == {"billing": "given up: exit code 3, and that was 4 times in a row"}
    assert len(it.stack.log_of("billing").read_text().splitlines()) == started
    assert it.child("arrears").running


async def test_whoever_ran_steadily_begins_a_new_row(kept: Made) -> None:
    it = await kept(steady_seconds=0.0)

    for number in range(len(_PAUSES) + 2):
        it.stack.kill_service("owners")
        before = time.monotonic()

        async def back(number: int = number) -> bool:
            return len([line for line in it.told if line == "owners runs again."]) > number

        await eventually(back, seconds=60)
        assert time.monotonic() - before < 30

    assert not it.keeper.resting()
    assert {line.split(" ")[-2] for line in it.told if line.endswith(" s.")} == {"0.1"}


@pytest.mark.parametrize("code", [EXIT_FORGOTTEN, EXIT_CONFIGURATION])
async def test_one_that_starts_in_vain_is_not_started_again(kept: Made, code: int) -> None:
    it = await kept(failing="notify", code=code)

    await it.until_told("It is given up, for starting it again does not help; the others go on.")

    assert len(it.told) == 1
    assert len(it.stack.log_of("notify").read_text().splitlines()) == 2


async def test_a_server_that_is_not_there_yet_is_tried_again(kept: Made) -> None:
    it = await kept(failing="notify", code=EXIT_TEMPORARY)
    await it.until_told("It is started again in 0.1 s.")

    it.stack.overrides["STAND_IN_FAILS"] = ""

    await it.until_told("notify runs again.")


async def test_the_scheduler_is_kept_too(kept: Made, tmp_path: Path) -> None:
    it = await kept()
    it.stack.start_scheduler()
    it.keeping.cancel()
    again = Kept(it.stack, 60)
    assert it.stack.scheduler is not None

    it.stack.scheduler.kill()
    await again.until_told("scheduler runs again.")

    assert it.stack.scheduler.running
    again.keeping.cancel()


@asynccontextmanager
async def _postgres_of_its_own(folder: Path) -> AsyncIterator[PostgresServer]:
    from shared.embedded.postgres import EmbeddedPostgres

    server = await EmbeddedPostgres(folder).start()
    try:
        yield server
    finally:
        await server.stop()


async def test_a_server_that_ends_is_the_end_and_is_named(
    kafka_server: KafkaServer, topic_prefix: str, servers_directory: Path, tmp_path: Path
) -> None:
    async with _postgres_of_its_own(servers_directory / "of-its-own") as postgres:
        servers = Servers(kafka_server, postgres, await EmbeddedMail(tmp_path / "mail").start())
        stack = await Stack(tmp_path, servers=servers, topic_prefix=topic_prefix, program=_program).start()
        told: list[str] = []
        keeping = asyncio.ensure_future(Keeper(stack, tell=told.append).keep())
        try:
            await asyncio.sleep(0.5)
            assert not keeping.done()
            postgres.kill()  # type: ignore[attr-defined]

            why = await asyncio.wait_for(keeping, 10)
        finally:
            await stack.stop()

    assert why.startswith("PostgreSQL has ended by itself (killed by SIGKILL); its last words: ")
    assert "postgres.log" in why
