"""How another shell reaches the stack of a folder, wherever the folder lies, and what it is told when none runs."""

import asyncio
import socket
from pathlib import Path

import pytest

from shared.cli import control, last_stop
from shared.cli.control import Done
from shared.cli.errors import CliError, ExitCode
from shared.cli.main import run
from shared.embedded.errors import ServerError


class _Keeper:
    """Does what it is told, after a while that never comes if it is asked for billing."""

    async def stop(self, name: str) -> Done:
        if name == "billing":
            await asyncio.Event().wait()
        return Done(True, f"{name} is stopped.")

    async def start(self, name: str) -> Done:
        raise ServerError(f"{name} ended.")

    def resting(self) -> dict[str, str]:
        return {"notify": "stopped"}


async def _ask(folder: Path, verb: str, name: str = "") -> control.Json:
    return await asyncio.to_thread(control.ask, folder, verb, name)


async def test_a_folder_too_deep_for_the_name_of_a_socket_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 25) / ("deeper" * 20)
    folder.mkdir(parents=True)
    async with control.answering(_Keeper(), folder):
        assert (folder / "control").stat().st_mode & 0o777 == 0o600
        assert await _ask(folder, "stop", "owners") == {"ok": True, "changed": True, "words": "owners is stopped."}
        assert await _ask(folder, "start", "owners") == {"ok": False, "words": "owners ended."}
        assert (await _ask(folder, "mend", "owners"))["ok"] is False
        assert await asyncio.to_thread(control.resting, folder) == {"notify": "stopped"}
    assert not (folder / "control").exists()
    assert control.resting(folder) == {}


async def test_what_a_killed_stack_left_is_no_hindrance(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control"))
    with pytest.raises(CliError, match=r"No `closebook up` answers in .* \(Connection refused\)") as raised:
        control.ask(tmp_path, "stop", "owners")
    assert raised.value.code == ExitCode.USAGE
    async with control.answering(_Keeper(), tmp_path):
        assert (await _ask(tmp_path, "stop", "owners"))["ok"]


async def test_a_stack_that_ends_before_it_answers_is_told(tmp_path: Path) -> None:
    async with control.answering(_Keeper(), tmp_path):
        asking = asyncio.ensure_future(_ask(tmp_path, "stop", "billing"))
        await asyncio.sleep(0.3)
    with pytest.raises(CliError, match="ended before it answered"):
        await asyncio.wait_for(asking, 10)


def test_a_service_that_is_none_is_named_before_anything_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stop", "owners", "kafka", "--data", str(tmp_path)]) == 64
    assert "There is no service called 'kafka'." in capsys.readouterr().err


def test_without_a_stack_the_command_says_so_and_what_stops_services_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "last-stop.txt").write_text("at 2026-05-01 10:00:00 UTC because it was told to.\n")
    assert run(["start", "owners", "--data", str(tmp_path)]) == 64
    said = " ".join(capsys.readouterr().err.split())
    assert f"the stack in {tmp_path} stopped at 2026-05-01 10:00:00 UTC because it was told to." in said
    assert "compose, Kubernetes" in said


def test_a_stack_that_stands_still_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Its process was suspended: the connection is made, and nobody answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "control"))
        line.listen()
        assert control.resting(tmp_path) == {}
        with pytest.raises(CliError, match="it stands still"):
            control.ask(tmp_path, "stop", "owners", seconds=0.1)


def test_a_note_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    """A full disk may be why the stack stops."""
    (tmp_path / "last-stop.txt").symlink_to("/dev/full")
    last_stop.leave(tmp_path, "PostgreSQL ended.")
    (tmp_path / "last-stop.txt").unlink()
    (tmp_path / "last-stop.txt").mkdir()
    last_stop.forget(tmp_path)
    assert last_stop.told(tmp_path) == ""
