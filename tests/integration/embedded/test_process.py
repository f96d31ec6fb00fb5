"""A child process never outlives us, and is stopped politely first."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shared.embedded.errors import ServerError
from shared.embedded.process import spawn

_PARENT = """
import sys, time
from pathlib import Path
from shared.embedded.process import spawn
print(spawn("child", ["sleep", "60"], log=Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 5
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_one_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = spawn("deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], log=tmp_path / "log")
    assert not await deaf.wait(0.5)

    await deaf.stop(grace_seconds=0.3)

    assert deaf.exit_code == -signal.SIGKILL


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="Kafka cannot be started"):
        spawn("Kafka", ["/nowhere/java"], log=tmp_path / "log")


_SPEAKER = """
import json
print("of yesterday" if __import__("sys").argv[1] == "before" else json.dumps(
    {"severity_text": "ERROR", "body": "It broke.", "event.name": "watchdog_exit", "app.detail": "relay", "app.n": 1}))
print(json.dumps({"severity_text": "INFO", "body": "Figures.", "event.name": "metrics_snapshot"}))
"""


async def test_last_words_are_its_own_and_leave_out_what_only_informs(tmp_path: Path) -> None:
    for which in ("before", "now"):
        child = spawn("speaker", [sys.executable, "-c", _SPEAKER, which], log=tmp_path / "log")
        assert await child.wait(20)

    assert child.last_words(5) == "It broke. (watchdog_exit, relay)"
    assert child.how_it_ended == "exit code 0"


async def test_last_words_are_no_page(tmp_path: Path) -> None:
    child = spawn("speaker", [sys.executable, "-c", "print('x' * 2000)"], log=tmp_path / "log")
    assert await child.wait(20)

    assert child.last_words() == "x" * 300 + "…"


async def test_how_it_ended_names_the_signal(tmp_path: Path) -> None:
    child = spawn("sleeper", ["sleep", "60"], log=tmp_path / "log")
    child.kill()

    assert child.how_it_ended == "killed by SIGKILL"
