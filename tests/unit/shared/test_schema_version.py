"""The version a start asks for is Alembic's own, found without it."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.db import schema_version
from shared.events.topics import LINE_OF_SERVICES

_SERVING = """
import sys
import shared.bus.process
for service in sys.argv[1:]:
    __import__(f"services.{service}.app")
print(*sorted({"alembic", "mako"} & sys.modules.keys()))
"""


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
def test_the_last_files_name_begins_with_the_head_of_the_history(service: str) -> None:
    directory = schema_version.versions_directory(service)
    config = Config()
    config.set_main_option("script_location", str(directory.parents[3]))
    config.set_main_option("version_locations", str(directory))
    config.set_main_option("path_separator", "newline")
    assert schema_version.needed(service) == ScriptDirectory.from_config(config).get_current_head()


def test_serving_imports_no_alembic() -> None:
    command = [sys.executable, "-c", _SERVING, *LINE_OF_SERVICES]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == ""
