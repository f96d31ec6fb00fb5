"""`closebook statements show|annual --output`: the figures of the screen, as figures."""

import csv
from pathlib import Path
from typing import Any

import pytest

from shared.cli.statement_tables import show_run, show_year
from tests.unit.cli.test_runs import RUN

SAMPLED: dict[str, Any] = RUN | {
    "invoices": [],
    "changes": [
        {
            "account_ref": "FA", "billed_pence": 227_18, "before_pence": None, "change_pence": 227_18,
            "balance_pence": 1_227_18, "flags": ["first-statement"],
        }
    ],
    "sample": [{"account_ref": "FA", "reasons": ["lot"], "verdict": None, "who": None, "why": None}],
}  # fmt: skip
YEAR: dict[str, Any] = {
    "account_ref": "FA", "unit_id": "U1", "year": 2026, "basis": "ledger", "brought_forward_pence": 0,
    "total_pence": 1_200_00, "balance_pence": 700_00, "others": [{"kind": "payment", "amount_pence": -500_00}],
    "heads": [{"kind": "repair", "charged_pence": 1_200_00, "credited_pence": 0, "tax_pence": 200_00}],
    "lines": [
        {"value_on": "2026-01-20", "kind": "charge", "amount_pence": 1_200_00, "statement_no": None, "share": "1/2"}
    ],
}  # fmt: skip


def rows(file: Path) -> list[list[str]]:
    return [row for row in csv.reader(file.read_text("utf-8-sig").splitlines()) if row]


def test_a_run_is_written_with_what_is_said_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.csv"
    show_run(SAMPLED, as_json=False, to=file)
    assert capsys.readouterr().out == f"{file}: 2 rows.\n"
    written = rows(file)
    assert written[2] == ["FA", "227.18", "", "227.18", "1227.18", "first-statement"]
    assert ["On no statement today: £0.00 that nobody matches."] in written
    assert written[-3:] == [["Sample of 1"], ["account", "why", "verdict", "by", "said"], ["FA", "lot", "", "", ""]]


def test_on_a_screen_a_runs_sample_follows_its_changes(capsys: pytest.CaptureFixture[str]) -> None:
    show_run(SAMPLED, as_json=False, to=None)
    told = [line.split()[:2] for line in capsys.readouterr().out.splitlines()[-7:]]
    assert told == [
        ["Largest", "changes"],
        ["account", "bills"],
        ["FA", "£227.18"],
        [],
        ["Sample", "of"],
        ["account", "why"],
        ["FA", "lot"],
    ]


def test_a_year_is_written_by_head_and_line(tmp_path: Path) -> None:
    file = tmp_path / "year.csv"
    show_year(YEAR, as_json=False, to=file)
    written = rows(file)
    assert written[2:4] == [["repair", "1200.00", "0.00", "200.00"], ["payment", "-500.00", "", ""]]
    assert ["2026-01-20", "charge", "", "", "1/2", "1200.00", ""] in written
