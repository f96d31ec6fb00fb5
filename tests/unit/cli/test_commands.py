"""The command line imports what the given command needs, no server for a question; a folder it cannot use is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.cli.main import run

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


@pytest.mark.parametrize("command", [("up", "--data"), ("demo", "--results")])
def test_a_folder_that_cannot_be_made_is_told(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run([*command, str(tmp_path / "file" / "below")]) == 64
    assert "cannot be used: Not a directory." in capsys.readouterr().err
