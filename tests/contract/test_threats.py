"""The page of threats: every proof it names is a test that there is, and a threat without one says that it is open."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_a_threat_is_stopped_and_proved_or_said_to_be_open(row: list[str]) -> None:
    _, _, stops, proof = row
    proofs = re.findall(r"`(tests/[^`]+)`", proof)

    assert all(_exists(one) for one in proofs), proof
    assert proofs or "*not stopped*" in stops or proof == "*by hand, before a release*"


def test_the_threats_are_numbered() -> None:
    assert [row[0] for row in _ROWS] == [str(number) for number in range(1, len(_ROWS) + 1)]


def _exists(proof: str) -> bool:
    """Return whether a test module, or one of its tests, is there."""
    file, _, name = proof.partition("::")
    if not (ROOT / file).is_file():
        return False
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    return not name or name in names
