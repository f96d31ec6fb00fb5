"""What every test shares: the real servers, and properties that judge the rule and never the machine's pace."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers", "tests.support.staff"]

settings.register_profile("closebook", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("closebook")

_EXAMINED = "tests/system/test_contract_"
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30
"""Bytes free in memory from which the servers' files go there; a whole run was seen to need 700 MB."""


def _keep_files_in_memory() -> None:
    """Let the tests' servers keep their files in memory where there is room, unless ``TMPDIR`` says where.

    Each test has databases of its own: making one takes 40 ms there and 140 to 500 ms on a disk (measured).
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


_keep_files_in_memory()
os.environ["CLOSEBOOK_ENVIRONMENT"] = "local"  # the tests' servers are on this machine: nothing is encrypted there


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what shares a costly story on one worker: each file, and all files of the examiner's one diary together."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneDiary(LoadFileScheduling):  # type: ignore[misc] # the library has no types
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return _EXAMINED if file.startswith(_EXAMINED) else file

    return OneDiary(config, log)
