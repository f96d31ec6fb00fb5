"""What `closebook statements show` prints of a run beside its totals."""

from typing import Any

import pytest

from shared.cli.statement_tables import show_run

RUN: dict[str, Any] = {
    "run_id": None, "quarter": "2026Q1", "known_at": "2026-04-01", "state": "dry-run", "statements": 1,
    "brought_forward_pence": 0, "billed_pence": 1, "total_pence": 1, "balance_pence": 1, "exceptions": [],
    "changes": [], "sample": [],
    "beside": {
        "waiting": [], "suspense_pence": 0, "lacks_notice": [], "lapsed": [], "outlived": [], "moved": [],
        "late_fees": [],
    },
}  # fmt: skip
TWICE = {
    "supplier": "Smith Roofing", "invoice_number": "4711", "why": "same invoice",
    "charges": [{"charge_id": name, "amount_pence": 1_000_00} for name in ("ROOF-1", "ROOF-7")],
}  # fmt: skip


@pytest.mark.parametrize("invoices", [[], [TWICE]])
def test_an_invoice_that_came_twice_is_named_with_its_charges(
    capsys: pytest.CaptureFixture[str], invoices: list[Any]
) -> None:
    show_run({**RUN, "invoices": invoices}, as_json=False, to=None)
    told = "Invoice 4711 of Smith Roofing, same invoice: ROOF-1 £1,000.00, ROOF-7 £1,000.00."
    assert (told in capsys.readouterr().out.splitlines()) is bool(invoices)
