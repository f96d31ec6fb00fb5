"""What the linter finds fails the tests: rules that only `make check` applied would hold nobody back."""

import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.architecture.source import ROOT

_SQL = 'def ask(table: str) -> str:\n    """Ask."""\n    return f"select * from {table}"\n'
_TRUSTING = "import ssl\n\nCONTEXT = ssl._create_unverified_context()\n"


def _ruff(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ruff", *words], cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )


def _settings() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings: dict[str, Any] = tomllib.load(file)["tool"]["ruff"]["lint"]
    return settings


def test_the_linter_has_nothing_to_say() -> None:
    found = _ruff("check", "--no-cache", "--output-format=concise", ".")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_rules_of_security_are_on_but_for_the_declared_ones() -> None:
    settings = _settings()
    assert "S" in settings["select"]
    assert [rule for rule in settings["ignore"] if rule.startswith("S") and rule[1:].isdigit()] == ["S101"]
    loosened = [where for where, rules in settings["per-file-ignores"].items() if "S" in {rule[0] for rule in rules}]
    assert loosened == ["tests/**"]


@pytest.mark.parametrize(("rule", "source"), [("S608", _SQL), ("S323", _TRUSTING)], ids=["sql", "tls"])
@pytest.mark.parametrize("file", ["services/billing/db/asking.py", "shared/db/asking.py", "deploy/asking.py"])
def test_the_linter_sees_what_is_dangerous(file: str, rule: str, source: str) -> None:
    found = _ruff("check", "--no-cache", "--output-format=concise", f"--stdin-filename={file}", "-", given=source)
    assert f": {rule} " in found.stdout
