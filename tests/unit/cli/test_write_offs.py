"""What `closebook write-off propose` asks for: charges named, parts of them, or all that is overdue."""

from typing import Any

import pytest
import typer

from shared.cli.errors import CliError
from shared.cli.write_offs import debts_of

ACCOUNT = {
    "account_ref": "F1",
    "overdue_pence": 500,
    "items": [
        {"charge_id": "A", "open_pence": 300, "due_on": "2026-04-29"},
        {"charge_id": "B", "open_pence": 200, "due_on": "2026-04-29"},
        {"charge_id": "A", "open_pence": 40, "due_on": "2026-07-29"},
    ],
}


@pytest.mark.parametrize(
    ("charges", "debts"),
    [
        ([], [("A", 300), ("B", 200)]),
        (["A"], [("A", 340)]),
        (["B=0.50", "A"], [("B", 50), ("A", 340)]),
    ],
)
def test_what_is_proposed(charges: list[str], debts: list[tuple[str, int]]) -> None:
    assert [(debt["charge_id"], debt["amount_pence"]) for debt in debts_of(ACCOUNT, charges)] == debts


@pytest.mark.parametrize(
    ("account", "charges", "words"),
    [
        (ACCOUNT, ["C"], "Nothing of that is open"),
        (ACCOUNT, ["A=0"], "Nothing of that is open"),
        ({**ACCOUNT, "overdue_pence": 0}, [], "Nothing of that is open"),
    ],
)
def test_what_cannot_be_proposed_is_told(account: dict[str, Any], charges: list[str], words: str) -> None:
    with pytest.raises(CliError, match=words):
        debts_of(account, charges)


def test_a_part_is_written_in_pounds() -> None:
    with pytest.raises(typer.BadParameter, match="no sum of money"):
        debts_of(ACCOUNT, ["A=one pound"])
