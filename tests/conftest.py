"""What every test shares: the real servers, and properties that judge the rule and never the machine's pace."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers"]

settings.register_profile("closebook", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("closebook")

_EXAMINED = "test_contract_"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a costly story on one worker: each file, and all files of the examiner's one diary together."""
    for item in items:
        shared = item.path.parent.name == "system" and item.path.name.startswith(_EXAMINED)
        item.add_marker(pytest.mark.xdist_group(_EXAMINED if shared else item.nodeid.partition("::")[0]))
