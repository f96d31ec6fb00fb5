"""What every test shares: the real servers, and properties that judge the rule and never the machine's pace."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers", "tests.support.staff"]

settings.register_profile("closebook", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("closebook")

_EXAMINED = "tests/system/test_contract_"


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
