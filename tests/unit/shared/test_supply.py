"""What the image is made of is listed from its lock alone; what was not looked up is not called sound."""

import json
import re
from pathlib import Path

import pytest

from shared.supply import advisories, bom
from tests.architecture.source import ROOT

LOCK = ROOT / "deploy" / "requirements.lock"
HOLE = {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"]}]}
FINE = {"name": "typer", "version": "0.1", "vulns": []}
SKIPPED = {"name": "ours", "skip_reason": "not on the index"}


def test_the_bill_names_every_part_of_the_image_with_its_hashes(tmp_path: Path) -> None:
    for name in ("first.json", "again.json"):
        bom.main(LOCK, tmp_path / name)
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    bill = json.loads((tmp_path / "first.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {part["name"]: part for part in bill["components"]}
    pins = dict(re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", LOCK.read_text().lower(), re.MULTILINE))
    assert {name: part["version"] for name, part in parts.items()} == pins
    assert len(pins) > 40
    assert parts["aiokafka"]["purl"] == f"pkg:pypi/aiokafka@{pins['aiokafka']}"
    for part in parts.values():
        assert all(len(one["content"]) == 64 for one in part["externalReferences"][0]["hashes"])
        assert part["externalReferences"][0]["hashes"]
    assert sorted(bill["dependencies"][0]["dependsOn"]) == sorted(part["bom-ref"] for part in bill["components"])


def test_a_part_of_some_platforms_is_optional() -> None:
    lock = f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:{'a' * 64}\n"
    (part,) = bom.bill_of(lock)["components"]
    assert (part["version"], part["scope"]) == ("0.4.6", "optional")


def test_a_lock_that_pins_nothing_is_no_bill() -> None:
    with pytest.raises(ValueError, match="pins nothing"):
        bom.bill_of("# empty\n")


def tool(folder: Path, says: str) -> str:
    """Return a stand-in for pip-audit that prints ``says``; like the real one it ends with 1 for holes and failures."""
    made = folder / "pip-audit"
    made.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit 1\n")
    made.chmod(0o755)
    return str(made)


@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ([FINE], 0, "1 of 1 parts were looked up; 0 known holes."),
        ([FINE, HOLE], 1, "jinja2 3.1.0 has a known hole, PYSEC-1; mended in 3.1.6."),
        ([FINE, SKIPPED], 75, "not known to be sound: ours (not on the index)."),
        ([HOLE, SKIPPED], 1, "1 of 2 parts were looked up; 1 known holes."),
        ([], 75, "0 of 0 parts were looked up"),
    ],
)
def test_the_audit_says_what_it_found_and_what_it_could_not_look_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], parts: list[object], code: int, words: str
) -> None:
    said = tool(tmp_path, json.dumps({"dependencies": parts}))
    assert advisories.main(said, str(LOCK)) == code
    assert words in capsys.readouterr().out


def test_an_audit_that_reached_nobody_says_so_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for said in (tool(tmp_path, "Traceback: no route to host"), str(tmp_path / "none")):
        assert advisories.main(said, str(LOCK)) == 75
        assert "no part of" in capsys.readouterr().out
