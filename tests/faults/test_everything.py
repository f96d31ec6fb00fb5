"""Everything at once: faults drawn by a seed under load, then healed, drained and proved (`make nemesis`)."""

import asyncio
import sys

import pytest

from tests.architecture.source import ROOT

_SEED, _SECONDS = 82, 60


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_faults_drawn_at_random_under_load_leave_the_books_right() -> None:
    """F82: one seed for a minute; five seeds for three are the release's own check."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.nemesis", "--seed", str(_SEED), "--seconds", str(_SECONDS),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    assert "Nothing lost, nothing twice" in printed.decode()
