"""What a proposal asks for, as whoever decides about it reads it."""

import pytest

from shared.cli.asked import asked_lines, head_line
from tests.support.kinds import ASKED

PROPOSAL = {
    "id": 7, "kind": "write-off", "subject": "F000000000A1", "why": "costs more than it brings", "proposed_by": "ola",
    "proposed_at": "2026-05-01T09:00:00Z", "status": "open",
    "body": {
        "account_ref": "F000000000A1", "ground": "uneconomic", "current_charges": True, "proven_to": None,
        "debts": [
            {"charge_id": "C1", "amount_pence": 900_000}, {"charge_id": "C2", "amount_pence": -1},
        ],
        "place": ["housing.charge-raised", 0, 2], "scope": {"block_id": "ELM"},
    },
}  # fmt: skip


def test_every_field_is_a_line_and_money_is_pounds() -> None:
    assert asked_lines(PROPOSAL) == [
        "  account ref: F000000000A1",
        "  ground: uneconomic",
        "  current charges: yes",
        "  proven to: none",
        "  debts 1: charge id C1, amount £9,000.00",
        "  debts 2: charge id C2, amount -£0.01",
        "  place: housing.charge-raised, 0, 2",
        "  scope: block id ELM",
    ]


def test_the_head_says_what_about_what_by_whom_and_why() -> None:
    assert head_line("billing", PROPOSAL) == (
        "billing: proposal 7, write-off of F000000000A1, proposed by ola: costs more than it brings"
    )


def test_no_value_begins_a_line_of_its_own() -> None:
    (line,) = asked_lines({"body": {"why": "harmless\n  amount: £0.01"}})
    assert line == "  why: harmless amount: £0.01"


@pytest.mark.parametrize("kind", ASKED)
def test_nothing_of_what_is_asked_is_left_out(kind: str) -> None:
    body = ASKED[kind][1]
    lines = asked_lines({"body": body})
    assert len(lines) >= len(body)
    assert all(f"{line} ".lstrip().startswith(tuple(name.replace("_", " ").removesuffix(" pence") for name in body))
               for line in lines)  # fmt: skip
