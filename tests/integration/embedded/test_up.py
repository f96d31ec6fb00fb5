"""`closebook up` as a process with servers of its own: what survives a death, and what other shells are told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from shared.embedded.stack import KAFKA_VARIABLE, MAIL_VARIABLE, POSTGRES_VARIABLE
from shared.events.topics import LINE_OF_SERVICES
from tests.support.bus import eventually
from tests.support.runbooks import before_all

_SERVERS = (KAFKA_VARIABLE, POSTGRES_VARIABLE, MAIL_VARIABLE)
_FOREIGN = ("CLOSEBOOK_", "OWNERS_", "BILLING_", "ARREARS_", "NOTIFY_")


@dataclass
class Up:
    """The running command, what its terminal shows, and another shell beside it."""

    place: Path
    terminal: Path
    process: asyncio.subprocess.Process

    @property
    def folder(self) -> Path:
        return self.place / "closebook-data"

    async def type(self, line: str) -> tuple[int | None, str]:
        """Type a line of the docs in the folder of the sources, after what the first page of the runbooks says."""
        return await _run("bash", "-c", before_all() + line, cwd=self.place)

    def child(self, words: str) -> psutil.Process:
        """Return the one child that has these words in its command line."""
        children = psutil.Process(self.process.pid).children()
        (found,) = [child for child in children if words in " ".join(child.cmdline())]
        return found

    def lines(self) -> list[str]:
        return self.terminal.read_text().splitlines()

    async def until_shown(self, words: str, count: int = 1) -> None:
        async def shown() -> bool:
            assert self.process.returncode is None, self.terminal.read_text()
            return len([line for line in self.lines() if words in line]) >= count

        await eventually(shown, seconds=90)

    async def closebook(self, *arguments: str) -> tuple[int | None, str]:
        """Give a command in another shell; returns its exit code and its words."""
        return await _run(sys.executable, "-m", "shared.cli.main", *arguments, "--data", str(self.folder))


async def _run(*command: str, cwd: Path | None = None) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=_environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def _environment() -> dict[str, str]:
    """Return the environment of a shell that knows of no stack."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


@pytest_asyncio.fixture(scope="module")
async def up(servers_directory: Path) -> AsyncIterator[Up]:
    place, terminal = servers_directory / "sources", servers_directory / "up-terminal.txt"
    place.mkdir()
    (place / ".venv").symlink_to(sys.prefix)
    with terminal.open("wb") as shown:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shared.cli.main", "up", cwd=place, env=_environment(), stdout=shown, stderr=shown,
        )  # fmt: skip
    it = Up(place, terminal, process)
    try:
        await it.until_shown("Running. Ctrl-C stops everything")
        yield it
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_a_killed_service_comes_back_and_the_stack_stays(up: Up) -> None:
    kafka, before = up.child("kafka.Kafka").pid, up.child("services.billing").pid

    os.kill(before, signal.SIGKILL)
    await up.until_shown("billing runs again.")

    (told,) = [line for line in up.lines() if "has ended by itself" in line]
    assert "billing has ended by itself (killed by SIGKILL); its last words: none - its log: " in told
    assert "metrics_snapshot" not in told
    assert up.child("services.billing").pid != before
    assert up.child("kafka.Kafka").pid == kafka
    code, words = await up.closebook("status")
    assert code == 0, words


async def test_a_service_is_stopped_and_started_from_another_shell(up: Up) -> None:
    assert (up.folder / "control").stat().st_mode & 0o077 == 0

    assert await up.closebook("stop", "arrears") == (0, "arrears is stopped (exit code 0).\n")
    assert await up.closebook("stop", "arrears") == (0, "arrears was stopped already.\n")
    code, words = await up.closebook("status")
    assert code == 75
    assert "arrears is stopped. `closebook start arrears` starts it." in words

    code, words = await up.closebook("start", "arrears", "billing")
    assert (code, words) == (0, "arrears is started and ready.\nbilling runs already.\n")
    code, words = await up.closebook("stop", "scheduler")
    assert (code, words.split(",")[0]) == (1, "scheduler is not part of this stack")


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_a_service_s_verbs_work_in_the_shell_that_the_docs_load(up: Up, service: str) -> None:
    for verb in ("check", "migrate"):
        code, words = await up.type(f"python -m services.{service} {verb}")
        assert code == 0, words
    assert await up.type(f'psql "${service.upper()}_OWNER_DATABASE_URL" -Atc "select 1"') == (0, "1\n")


async def test_the_shell_finds_the_keys_and_the_programs_of_the_database_s_own_release(up: Up) -> None:
    code, words = await up.type("python -m json.tool $CLOSEBOOK_JWKS")
    assert code == 0, words
    for program in ("psql", "pg_dump"):
        _, words = await up.type(f"{program} --version")
        server = await up.type('psql "$CLOSEBOOK_POSTGRES" -Atc "show server_version"')
        assert server == (0, f"{words.split()[2]}\n")


async def test_a_shell_that_knows_a_stack_can_start_another(up: Up) -> None:
    """The addresses it knows are not taken for servers to use: after Ctrl-C they are nobody's."""
    modes = "; ".join(f"print(mode_of({name!r}, containers=False))" for name in _SERVERS)
    program = f"from shared.embedded.stack import mode_of; {modes}"

    assert await up.type(f'python -c "{program}"') == (0, "embedded\n" * 3)


async def test_a_database_is_restored_and_swapped_as_the_docs_say(up: Up) -> None:
    for line in (
        "closebook backup arrears --to kept",
        "closebook stop arrears && closebook restore kept arrears --replace && closebook start arrears",
        "closebook stop billing && closebook rebuild billing --swap && closebook start billing",
        "closebook settle",
    ):
        code, words = await up.type(line)
        assert code == 0, words
    code, words = await up.type("closebook restore kept arrears --replace")
    assert code == 1
    assert "On the machine of `closebook up` type `closebook stop arrears`" in words


async def test_a_second_stack_on_the_same_folder_leaves_the_first_alone(up: Up) -> None:
    assert up.process.returncode is None, "this would be the first one"
    code, words = await up.closebook("up")

    assert code == 75
    assert "in use by another running stack" in words
    assert (up.folder / "stack.env").exists()
    assert not (up.folder / "last-stop.txt").exists()


async def test_without_its_database_server_the_stack_ends_and_other_shells_are_told_why(up: Up) -> None:
    os.kill(up.child("bin/postgres").pid, signal.SIGKILL)
    assert await asyncio.wait_for(up.process.wait(), 120) == 1

    assert "PostgreSQL has ended by itself (killed by SIGKILL)" in up.terminal.read_text()
    note = up.folder / "last-stop.txt"
    assert note.stat().st_mode & 0o077 == 0
    for command in (["status"], ["rebuild", "billing"]):
        code, words = await up.closebook(*command)
        assert code == 64
        assert f"the stack in {up.folder} stopped at 20" in words
        assert "UTC because PostgreSQL has ended by itself (killed by SIGKILL)" in words
    code, words = await up.closebook("stop", "billing")
    assert code == 64
    assert f"No `closebook up` answers in {up.folder}" in words
