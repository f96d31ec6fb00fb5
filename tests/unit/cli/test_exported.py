"""Another system's export, read line by line: whatever stands in a field is a fact or a line that is told."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.cli.exported import read_export
from shared.cli.lines import BadLine
from shared.cli.reconciliation import Fact
from shared.money import MAX_PENCE

APRIL = date(2026, 4, 1)


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
    assert read(tmp_path, str(pence)) == [Fact("charge", "C1", pence, APRIL)]


@pytest.mark.parametrize("kind", ["charge", "credit", "payment", "reversal"])
def test_four_kinds_are_read_from_csv_and_plain_lines(tmp_path: Path, kind: str) -> None:
    table, lines = tmp_path / "export.csv", tmp_path / "export.jsonl"
    table.write_text(f"kind,id,amount_pence,on\n{kind},X1,5,2026-04-01\n")
    lines.write_text(json.dumps({"kind": kind, "id": "X1", "amount_pence": 5, "on": "2026-04-01"}))
    assert [*read_export(table), *read_export(lines)] == [Fact(kind, "X1", 5, APRIL)] * 2


@pytest.mark.parametrize("kind", ["charge", "payment", "reversal"])
def test_only_a_credit_may_leave_its_sum_open(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "export.csv"
    file.write_text(f"kind,id,amount_pence,on\ncredit,X1,,2026-04-01\n{kind},X2,,2026-04-01\n")
    first, second = read_export(file)
    assert first == Fact("credit", "X1", None, APRIL)
    assert isinstance(second, BadLine)
    assert second.field == "amount_pence"


def an_event(topic: str, **data: Any) -> str:
    named = {"specversion": "1.0", "id": "E1", "source": "housing", "type": f"housing.{topic}.v1"}
    return json.dumps({**named, "time": "2026-04-01T09:00:00Z", "datacontenttype": "application/json", "data": data})


def test_credits_and_reversals_are_read_from_their_events(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    credit = {"charge_id": "C1", "reason": "agreed", "credited_on": "2026-04-01"}
    back = {"payment_id": "P1", "reason": "arudd-0", "reversed_on": "2026-04-01"}
    said = (
        an_event("charge-credited", credit_id="K1", **credit, amount_pence=5),
        an_event("charge-credited", credit_id="K2", **credit),
        an_event("payment-reversed", reversal_id="R1", **back, amount_pence=7),
        an_event("payment-reversed", reversal_id="R2", **back),
    )
    file.write_text("\n".join(said))
    *facts, bad = read_export(file)
    assert facts == [
        Fact("credit", "K1", 5, APRIL),
        Fact("credit", "K2", None, APRIL),
        Fact("reversal", "R1", 7, APRIL),
    ]
    assert isinstance(bad, BadLine)
    assert bad.number == 4
