"""The command line imports what the given command needs, and no server's library for a question."""

import subprocess
import sys

import pytest

_PROGRAM = """
import sys
from shared.cli.main import run
code = run([*sys.argv[1:], "--help"])
servers = {"aiokafka", "asyncpg", "fastapi", "joserfc", "sqlalchemy", "uvicorn"} & set(sys.modules)
sys.exit(f"imported: {sorted(servers)}" if servers else code)
"""


@pytest.mark.parametrize("command", ["accounts", "status", "suspense"])
def test_a_question_imports_no_server(command: str) -> None:
    asked = subprocess.run((sys.executable, "-c", _PROGRAM, command), capture_output=True, text=True, check=False)

    assert asked.returncode == 0, asked.stderr
    assert f"closebook {command}" in asked.stdout
