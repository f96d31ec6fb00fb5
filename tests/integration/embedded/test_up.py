"""`closebook up` as a process with servers of its own: what survives a death, and what other shells are told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest_asyncio

from tests.support.bus import eventually

_FOREIGN = ("CLOSEBOOK_", "OWNERS_", "BILLING_", "ARREARS_", "NOTIFY_")


@dataclass
class Up:
    """The running command, what its terminal shows, and another shell beside it."""

    folder: Path
    terminal: Path
    process: asyncio.subprocess.Process

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


async def _run(*command: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, env=_environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def _environment() -> dict[str, str]:
    """Return the environment of a shell that knows of no stack."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return own | {"CLOSEBOOK_STACK": "embedded"}


@pytest_asyncio.fixture(scope="module")
async def up(servers_directory: Path) -> AsyncIterator[Up]:
    folder, terminal = servers_directory / "up", servers_directory / "up-terminal.txt"
    with terminal.open("wb") as shown:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shared.cli.main", "up", "--data", str(folder), env=_environment(),
            stdout=shown, stderr=shown,
        )  # fmt: skip
    it = Up(folder, terminal, process)
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


async def test_a_second_stack_on_the_same_folder_leaves_the_first_alone(up: Up) -> None:
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
