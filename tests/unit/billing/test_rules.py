"""What billing refuses."""

from typing import Any

import pytest

from services.billing.domain import rules
from shared.events.housing import ChargeKind, ChargeRaised, Tax
from tests.unit.billing.builders import a_charge, a_credit, a_payment, a_reversal, day


@pytest.mark.parametrize(
    ("net", "tax", "refused"),
    [(100_00, 20_00, False), (120_00, 0, False), (0, 120_00, False), (100_00, 19_99, True), (100_00, 20_01, True)],
)
def test_net_and_tax_make_the_gross(net: int, tax: int, refused: bool) -> None:
    data = ChargeRaised(
        charge_id="C1", kind=ChargeKind.REPAIR, unit_id="U1", amount_pence=120_00, description="Roof",
        tax=Tax(code="VAT20", net_pence=net, tax_pence=tax), raised_on=day("2026-03-09"),
    )  # fmt: skip
    refusal = rules.refuse_charge(data)
    assert (refusal.rule if refusal else None) == ("tax-does-not-add-up" if refused else None)


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({}, False),
        ({"unit_id": None, "share_set_id": "S1"}, True),
        ({"tax": {"code": "VAT20", "net_pence": 125_00, "tax_pence": 25_00}}, True),
        ({"period": {"from": "2026-01-01", "to": "2026-03-31"}}, True),
    ],
)
def test_a_float_is_one_owners_own_money(facts: dict[str, Any], refused: bool) -> None:
    known = {"charge_id": "C1", "kind": "float", "unit_id": "U1", "amount_pence": 150_00, "description": "Float"}
    data = ChargeRaised.model_validate(known | {"raised_on": "2026-03-09"} | facts, strict=False)
    refusal = rules.refuse_charge(data)
    assert (refusal.rule if refusal else None) == ("float-of-one-owner" if refused else None)


@pytest.mark.parametrize(
    ("asked", "refused"), [(1, False), (70_00, False), (70_01, True), (None, False), (10**12, True)]
)
def test_credit_above_what_is_left_of_the_charge_is_refused(asked: int | None, refused: bool) -> None:
    refusal = rules.refuse_credit(a_charge(net=80_00, tax=20_00), [a_credit(30_00)], asked)
    assert (refusal.rule if refusal else None) == ("credit-above-charge" if refused else None)


@pytest.mark.parametrize("asked", [None, 1])
def test_nothing_can_be_credited_when_nothing_is_left(asked: int | None) -> None:
    refusal = rules.refuse_credit(a_charge(), [a_credit(100_00)], asked)
    assert refusal is not None
    assert refusal.rule == "credit-above-charge"


@pytest.mark.parametrize(("asked", "refused"), [(1, False), (60_00, False), (60_01, True)])
def test_reversal_above_what_is_left_of_the_payment_is_refused(asked: int, refused: bool) -> None:
    refusal = rules.refuse_reversal(a_payment(100_00), [a_reversal(40_00)], asked)
    assert (refusal.rule if refusal else None) == ("reversal-above-payment" if refused else None)
