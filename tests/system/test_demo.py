"""The demo as a newcomer types it: two side by side, the same figures for the same seed, and nothing left behind."""

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import psutil
import pytest

_SMALL = ("--units", "6", "--quarters", "1", "--seed", "2")
"""A story in which two of the owners have no e-mail address, so letters are printed."""


async def start(folder: Path, *arguments: str) -> Process:
    command = (sys.executable, "-m", "shared.cli.main", "demo", *_SMALL, "--results", str(folder), *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


async def document_of(process: Process) -> dict[str, Any]:
    out, err = await process.communicate()
    assert process.returncode == 0, f"{err.decode()}\n{out.decode()}"
    found: dict[str, Any] = json.loads(out)
    return found


def files_in(folder: str, pattern: str) -> list[Path]:
    return list(Path(folder).glob(pattern))


def exists(path: str) -> bool:
    return Path(path).exists()


@pytest.mark.slow
async def test_two_demos_side_by_side_tell_the_same_to_the_penny(tmp_path: Path) -> None:
    started = [await start(tmp_path, "--json") for _ in range(2)]
    one, other = await asyncio.gather(*(document_of(process) for process in started))

    assert one["figures"] == other["figures"]
    assert {*one} >= {"figures", "verify", "days_closed", "seconds", "paths"}
    assert one["verify"]["ok"]
    assert one["days_closed"] == 92  # 31 December 2024 to 1 April 2025
    assert sum(one["figures"]["dead_letters"].values()) == 8
    assert one["figures"]["billed_pence"] > 0
    assert one["paths"]["emails"] != other["paths"]["emails"]
    assert files_in(one["paths"]["emails"], "new/*")
    assert files_in(one["paths"]["print"], "**/*.pdf")


@pytest.mark.slow
async def test_ctrl_c_leaves_no_process_and_no_data_behind(tmp_path: Path) -> None:
    process = await start(tmp_path)
    assert process.stderr is not None
    while b"The housing system plays" not in await asyncio.wait_for(process.stderr.readline(), 120):
        pass
    family = psutil.Process(process.pid).children(recursive=True)
    homes = {word for child in family for word in child.cmdline() if "closebook-demo-" in word}
    assert len(family) > 5

    process.send_signal(signal.SIGINT)
    await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 130
    deadline = time.monotonic() + 5
    while any(child.is_running() for child in family) and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.05)
    assert [child for child in family if child.is_running()] == []
    assert homes
    assert not any(exists(home.split("=")[-1]) for home in homes)
