"""What ends by itself is started again, but not for ever and not in vain; the others go on, and each thing is told."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.cli import supervisor
from shared.cli.keeper import Keeper
from shared.cli.supervisor import Stack
from shared.embedded.errors import ServerError
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


async def test_one_that_runs_again_and_is_not_ready_is_told(kept: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    it = await kept()
    monkeypatch.setattr(supervisor, "_READY_SECONDS", 3)
    it.stack.overrides["STAND_IN_UNREADY"] = "owners"

    it.stack.kill_service("owners")
    await it.until_told("The service owners did not become ready (")

    assert it.child("owners").running


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


async def test_what_is_stopped_rests_until_it_is_started(kept: Made) -> None:
    it = await kept()

    first, again = await it.keeper.stop("arrears"), await it.keeper.stop("arrears")
    await asyncio.sleep(0.6)

    assert (first.changed, first.words) == (True, "arrears is stopped (exit code 0).")
    assert (again.changed, again.words) == (False, "arrears was stopped already.")
    assert not it.child("arrears").running
    assert it.keeper.resting() == {"arrears": "stopped"}
    assert it.told == ["arrears is stopped, for somebody asked for it (exit code 0)."]

    started, again = await it.keeper.start("arrears"), await it.keeper.start("arrears")

    assert (started.changed, started.words) == (True, "arrears is started and ready.")
    assert (again.changed, again.words) == (False, "arrears runs already.")
    it.stack.kill_service("arrears")
    await it.until_told("arrears runs again.")


async def test_what_was_given_up_is_started_when_somebody_asks(kept: Made) -> None:
    it = await kept(failing="notify", code=EXIT_FORGOTTEN)
    await it.until_told("It is given up")

    with pytest.raises(ServerError, match=r"notify ended \(exit code 69\): no such table"):
        await it.keeper.start("notify")
    it.stack.overrides["STAND_IN_FAILS"] = ""

    assert (await it.keeper.start("notify")).changed
    assert it.keeper.resting() == {}


async def test_one_that_waits_to_be_started_again_can_be_stopped(kept: Made) -> None:
    it = await kept()
    it.stack.overrides["STAND_IN_FAILS"] = "billing"
    it.stack.kill_service("billing")
    await it.until_told("It is started again")

    assert (await it.keeper.stop("billing")).changed
    said = len(it.told)
    await asyncio.sleep(1)

    assert len(it.told) == said


async def test_a_stop_and_a_start_at_the_same_moment_are_one_after_the_other(kept: Made) -> None:
    it = await kept()

    stopped, started = await asyncio.gather(it.keeper.stop("owners"), it.keeper.start("owners"))

    assert (stopped.changed, started.changed) == (True, True)
    assert it.child("owners").running
    with pytest.raises(ServerError, match="scheduler is not part of this stack, which has owners, billing"):
        await it.keeper.stop("scheduler")


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
