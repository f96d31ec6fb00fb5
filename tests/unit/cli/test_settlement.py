"""`closebook settlement` for people: a row for each source, and a sentence for each thing that stands beside them."""

from pathlib import Path
from typing import Any

import pytest

from shared.cli.errors import CliError
from shared.cli.settlement import show

FIGURE: dict[str, Any] = {
    "account_ref": "FA", "unit_id": "U1", "entry_on": "2026-02-17", "valid_until": "2026-03-01",
    "policy": "settlements-2026-1", "closed_on": "2026-02-10", "total_pence": 21_94, "disputed_pence": 0,
    "rows": [
        {"group": "overdue", "amount_pence": 42_00, "charge_id": "FEE", "description": "Fee", "due_on": "2026-01-29",
         "statement_no": "FA-2025Q4", "period_from": "2026-01-01", "period_to": "2026-03-31", "days": 47,
         "of_days": 90},
        {"group": "after-entry", "amount_pence": -20_06, "payment_id": "P1"},
        {"group": "not-billed", "amount_pence": 5_00, "charge_id": "ROOF", "description": "Roof", "days": 1,
         "of_days": 1, "period_from": "2026-01-12", "period_to": "2026-01-12"},
    ],
    "collections": [], "reserve_fund": None, "waiting": [], "reservation": "Bills may follow.",
    "source": {"as_of": None, "known_at": None, "ledger": ["receivable"]},
}  # fmt: skip
BESIDE: dict[str, Any] = {
    "disputed_pence": 12_00,
    "collections": [{"collection_id": "DD-1", "collect_on": "2026-02-28", "amount_pence": 42_00}],
    "reserve_fund": {"fund_id": "B1", "paid_in_pence": 90_00},
    "waiting": [
        {"charge_id": "C1", "description": "Door", "waiting_for": "unit:U1", "amount_pence": 3_00},
        {"charge_id": "C2", "description": "Roof", "waiting_for": "share-set:S1", "pool_pence": 243_00,
         "share": "5/27", "instructed_on": "2026-02-16"},
        {"charge_id": "C3", "description": "Lift", "waiting_for": "share-set:S2", "pool_pence": 10_00},
    ],
}  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], found: dict[str, Any]) -> list[str]:
    show(found, as_json=False, to=None)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_each_source_has_a_row_with_its_days_and_they_end_with_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, FIGURE) == [
        "Account FA, unit U1, entry 2026-02-17: £21.94 to pay, valid until 2026-03-01",
        "Settlement figure",
        "why what for days statement due amount",
        "overdue FEE Fee 2026-01-01 to 2026-03-31, 47 of 90 FA-2025Q4 2026-01-29 £42.00",
        "from the entry on P1 -£20.06",
        "on no statement yet ROOF Roof 2026-01-12 £5.00",
        "total £21.94",
        "Bills may follow.",
        "Worked out after 2026-02-10 was closed (settlements-2026-1). From: receivable; of any date, known now.",
    ]


def test_what_is_in_no_total_is_told_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, FIGURE | BESIDE)[7:-2] == [
        "£12.00 of the total is disputed.",
        "On its way: £42.00 by direct debit of 2026-02-28 (DD-1); the figure falls by what arrives.",
        "£90.00 is paid into the reserve fund of B1: it stays with the building.",
        "On no account yet: C1, Door: £3.00 waits for unit:U1.",
        "On no account yet: C2, Roof, instructed 2026-02-16: share 5/27 of £243.00 waits for share-set:S1.",
        "On no account yet: C3, Lift: a share of £10.00 waits for share-set:S2.",
    ]


def test_a_total_below_nothing_goes_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert "£28.52 goes back" in told(capsys, FIGURE | {"total_pence": -28_52})[0]


def test_an_account_that_has_ended_is_told_in_words_and_writes_no_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ended = {"words": "FA ended on 2026-02-17: its final account is due on 2026-04-28; its balance is £21.94."}
    assert told(capsys, ended) == [ended["words"]]
    with pytest.raises(CliError, match="FA ended on 2026-02-17") as refused:
        show(ended, as_json=False, to=tmp_path / "figure.csv")
    assert "was not written" in refused.value.next_step
