"""The letter of a relief that ends: what it says of an opt-out from a policy, of one from a fee, and of a discount."""

from typing import Any

import pytest

from shared.events.housing import ChargeKind
from tests.support.letters import ISSUED, a_relief_ended
from tests.unit.notify.cases import a_case, pdf_press, texts, written

FEE: dict[str, Any] = {"kind": ChargeKind.MANAGEMENT_FEE, "new_pence": 168_00, "new_tax_pence": 28_00}


def test_who_is_let_back_into_the_policy_is_told_from_when_what_why_and_how_to_stay_out() -> None:
    for page in texts(a_case(a_relief_ended())):
        joined = " ".join(page.split())
        for words in (
            "Your buildings insurance from 1 July 2026", "because you showed us that you insure it yourself",
            "That ends on 30 June 2026", "you will be charged £525.00 a year, in four sums a year.",
            "No new certificate came", "send us the certificate before 1 July 2026", "A year, until now £0.00",
        ):  # fmt: skip
            assert words in joined
    assert pdf_press().press(written(a_case(a_relief_ended())), ISSUED).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"points": 10_000}, "Until now you have not been charged it."),
        ({"points": 500, "old_pence": 159_60}, "a part of it has been taken off, so that it has been £159.60 a year."),
    ],
)
def test_what_else_was_let_off_is_said_and_nothing_of_certificates(more: dict[str, Any], words: str) -> None:
    text, _ = texts(a_case(a_relief_ended(**FEE | more)))
    joined = " ".join(text.split())
    assert words in joined
    assert "£168.00 a year, charged in four sums a year, £28.00 of it tax." in joined
    assert "certificate before" not in joined
