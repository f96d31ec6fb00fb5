"""`closebook account --proof` and `closebook explain` for people: a row for net and one for tax, a sentence a step."""

from typing import Any

import pytest

from shared.cli import explain, line_proofs, output

NET: dict[str, Any] = {
    "amount_pence": -50_00, "share": "2/3", "exact": "-10000/3", "floor_pence": -33_33, "remainder": "-1/3", "rank": 2,
    "odd_pence": 1, "lot": "ab" * 32, "pence": -33_33,
}  # fmt: skip
TAX = NET | {"amount_pence": -10_00, "exact": "-2000/3", "floor_pence": -6_66, "remainder": "-2/3", "rank": 1,
             "pence": -6_67}  # fmt: skip
LIABILITY = {
    "policy": "liability-2026-1", "decided_by": "period", "from": "2026-01-01", "to": "2026-03-31", "days": 90,
}  # fmt: skip
SET = {"share_set_id": "S1", "effective_from": "2025-01-01", "share": "2/3", "units": 2, "complete": True}
DAYS = [
    {"from": "2026-01-01", "to": "2026-02-16", "days": 47, "account_ref": "FA", "waiting_for": None,
     "holder_pence": -20_89, "holder_tax_pence": -3_48},
    {"from": "2026-02-17", "to": "2026-03-31", "days": 43, "account_ref": "FB", "waiting_for": None,
     "holder_pence": -19_11, "holder_tax_pence": -3_19},
]  # fmt: skip
CREDIT: dict[str, Any] = {
    "pool": {"net_pence": -50_00, "tax_pence": -10_00, "gross_pence": -60_00}, "liability": LIABILITY, "share_set": SET,
    "net": NET, "tax": TAX, "days": DAYS, "takes_what_is_left": False, "stands_pence": -20_89, "is_difference": True,
}  # fmt: skip
REST = CREDIT | {"net": None, "tax": None, "takes_what_is_left": True, "stands_pence": -5_00, "days": DAYS[1:]}
OWN = CREDIT | {
    "net": None, "tax": None, "share_set": None, "pool": {"net_pence": 9_00, "tax_pence": 0, "gross_pence": 9_00},
    "stands_pence": 4_70,
}  # fmt: skip
FOUND: dict[str, Any] = {
    "account_ref": "FA",
    "lines": [
        {"kind": "credit", "charge_id": "C1", "credit_id": "K1", "amount_pence": -40_00, "proof": CREDIT},
        {"kind": "payment", "payment_id": "P1", "amount_pence": -1_00},
        {"kind": "credit", "charge_id": "C1", "credit_id": "K1", "amount_pence": 19_11, "proof": CREDIT},
        {"kind": "credit", "charge_id": "C1", "credit_id": "K2", "amount_pence": -5_00, "proof": REST},
        {"kind": "fee", "charge_id": "C2", "amount_pence": 4_70, "proof": OWN},
    ],
}


def test_a_fact_has_one_row_for_net_and_one_for_tax_however_many_lines_it_has() -> None:
    rows = [tuple(str(cell) for cell in row) for row in line_proofs.table(FOUND).rows]
    assert rows == [
        ("credit", "K1", "net", "-£50.00", "2/3 of S1", "-10000/3", "2 of 2, 1 odd", "-£33.33", "47 of 90", "period",
         "-£20.89"),
        ("", "", "tax", "-£10.00", "", "-2000/3", "1 of 2, 1 odd", "-£6.67", "", "", ""),
        ("credit", "K2", "gross", "-£60.00", "what was left", "", "", "", "0 of 90", "period", "-£5.00"),
        ("fee", "C2", "gross", "£9.00", "its own", "", "", "", "47 of 90", "period", "£4.70"),
    ]  # fmt: skip


def test_how_to_read_it_names_the_policy_and_the_command_with_the_words() -> None:
    first, second, third = line_proofs.reading(FOUND)
    assert first.startswith("Place: ")
    assert "liability-2026-1" in second
    assert "`closebook explain REF CHARGE_ID`" in third


def test_an_explained_credit_says_its_claims_or_that_it_takes_what_was_left(capsys: pytest.CaptureFixture[str]) -> None:
    credits_ = [
        {"credit_id": name, "credited_on": "2026-03-01", "pool_pence": -60_00, "pence": proof["stands_pence"],
         **{key: proof[key] for key in ("takes_what_is_left", "net", "tax")}}
        for name, proof in (("K1", CREDIT), ("K2", REST))
    ]  # fmt: skip
    found = OWN | {"share_set": SET | {"complete": False}, "credits": credits_, "charge_pence": 0, "total_pence": 0}
    output.show(output.table("", ("step", "what"), list(explain.steps(found))))
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split("  ")[0] for line in told if "credit" in line] == [
        "credit", "net credited", "tax credited", "credit",
    ]  # fmt: skip
    assert any("what was left" in line and "K2" in line for line in told)
    assert any("whole pence -333" in line and "no penny more, -3333p" in line for line in told)
    assert any("does not total 1" in line for line in told)
