"""The nemesis finds what is wrong, and says how to see it again."""

import asyncio
import sys

import pytest

from tests.architecture.source import ROOT


@pytest.mark.timeout(600)
@pytest.mark.slow  # servers and services of its own: half a minute on a quiet machine
async def test_a_penny_changed_in_the_ledger_is_reported_with_the_way_to_repeat_the_run() -> None:
    words = ("--violate", "--seed", "7", "--seconds", "4")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.nemesis", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed = (await process.communicate())[0].decode()
    assert process.returncode == 1, printed
    assert "Something does not hold:" in printed
    assert "The faults were:\n" in printed
    assert printed.endswith("Again: make nemesis SEED=7 SECONDS=4\n")
    assert "I1: the ledger sums to 1\n" in printed
