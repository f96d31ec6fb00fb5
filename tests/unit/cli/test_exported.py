"""Another system's export, read line by line: whatever stands in a field is a fact or a line that is told."""

from datetime import date
from pathlib import Path

import pytest

from shared.cli.exported import read_export
from shared.cli.lines import BadLine
from shared.cli.reconciliation import Fact
from shared.money import MAX_PENCE


def read(folder: Path, pence: str) -> list[Fact | BadLine]:
    file = folder / "export.csv"
    file.write_text(f"kind,id,amount_pence,on\ncharge,C1,{pence},2026-04-01\n")
    return list(read_export(file))


@pytest.mark.parametrize("pence", ["0", "-1", "1.0", "", str(MAX_PENCE), "9" * 5_000])
def test_a_sum_that_is_none_is_told(tmp_path: Path, pence: str) -> None:
    (line,) = read(tmp_path, pence)
    assert isinstance(line, BadLine)
    assert line.field == "amount_pence"


@pytest.mark.parametrize("pence", [1, MAX_PENCE - 1])
def test_every_sum_that_billing_keeps_is_read(tmp_path: Path, pence: int) -> None:
    assert read(tmp_path, str(pence)) == [Fact("charge", "C1", pence, date(2026, 4, 1))]
