"""What a backlog took from the system goes back to it, whatever small objects lie between."""

import subprocess
import sys

import pytest

_LIVED = """
import sys
import psutil
from shared.bus import heap

def resident():
    return psutil.Process().memory_info().rss

if sys.argv[1] == "settled":
    heap.settle()
bytes(20_000_000)
before = resident()
blocks, small = [], []
for _ in range(400):
    blocks.append(b"x" * 300_000)
    small.append([bytes(600) for _ in range(20)])
most = resident()
blocks.clear()
print((resident() - before) / (most - before))
"""


def _kept(how: str) -> float:
    """Return the part of a backlog's memory that a process keeps after it."""
    answer = subprocess.run([sys.executable, "-c", _LIVED, how], capture_output=True, text=True, check=True)
    return float(answer.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the settings belong to the GNU C library")
def test_a_settled_process_gives_back_what_it_took_where_an_unsettled_one_keeps_it() -> None:
    """The large blocks are nine tenths of what was taken: small ones among them keep the heap's end from moving."""
    assert _kept("settled") < 0.2
    assert _kept("as it is") > 0.8
