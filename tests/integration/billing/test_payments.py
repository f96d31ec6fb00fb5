"""Payments: on the account they name, on the unit's owner of the day, or in suspense until somebody matches."""

from datetime import date

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import questions, return_questions, suspense_questions
from shared.events.topics import ACCOUNT_PAID, ACCOUNT_REVERSED, PAYMENT_SUSPENDED, PAYMENT_UNMATCHED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit

A, B = account_ref("U1", "A"), account_ref("U1", "B")
SUSPENSE = "suspense-receipts"


@pytest.mark.parametrize(
    "means",
    [
        {"account_ref": A},
        {"account_ref": f"{A[:4]} {A[4:].lower()}"},
        {"reference": f"RENT {A[:6]}-{A[6:]} THANK YOU"},
        {"reference": f"{A}-2026Q1"},
        {"unit_id": "U1"},
    ],
)
async def test_a_payment_finds_its_account(desk: Desk, means: dict[str, str]) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2026-02-01", **means))
    assert await desk.balances() == {A: -500}
    assert [event.amount_pence for event in await desk.said(ACCOUNT_PAID)] == [500]
    assert await desk.wrong() == []


async def test_two_accounts_in_one_text_are_none(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-01")))
    await desk.hear(a_payment("P1", 500, on="2026-02-01", reference=f"{A} {B}"))
    assert await desk.balances() == {SUSPENSE: -500}
    assert [event.amount_pence for event in await desk.said(PAYMENT_SUSPENDED)] == [500]


async def test_money_moves_when_a_stronger_reference_becomes_known(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2025-12-01", reference=B, unit_id="U1"))
    await desk.hear(a_reversal("R1", "P1", 200, on="2025-12-05"))
    assert await desk.balances() == {A: -300}
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-01"), version=2))
    assert await desk.balances() == {B: -300}
    assert [event.amount_pence for event in await desk.said(PAYMENT_UNMATCHED)] == [300]
    assert [event.amount_pence for event in await desk.said(ACCOUNT_PAID)] == [500, 500]
    assert [event.reason for event in await desk.said(ACCOUNT_REVERSED)] == ["arudd-0", "arudd-0"]
    assert [event.moved for event in await desk.said(ACCOUNT_REVERSED)] == [False, False], "its reference says who paid"
    lines = (await desk.account("U1", "B"))["lines"]
    assert [(line["kind"], line["amount_pence"], str(line["value_on"])) for line in lines] == [
        ("payment", -500, "2025-12-01"),
        ("reversal", 200, "2025-12-05"),
    ]
    assert await desk.wrong() == []


async def test_what_was_taken_back_says_that_it_only_moves_with_a_unit_sold_earlier(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2026-02-01", unit_id="U1"))
    await desk.hear(a_reversal("R1", "P1", 200, on="2026-02-05"))
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-01"), version=2))
    await desk.hear(a_reversal("R2", "P1", 300, on="2026-02-06"))
    assert [(event.reversal_id, event.moved) for event in await desk.said(ACCOUNT_REVERSED)] == [
        ("R1", False), ("R1", True), ("R2", False),
    ]  # fmt: skip
    assert await desk.balances() == {}


async def test_money_for_a_former_owner_stays_there(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-01")))
    await desk.hear(a_payment("P1", 500, on="2026-02-01", account_ref=A))
    await desk.hear(a_line("U1", ("B", "2026-01-01"), version=2, void=("A",)))
    assert await desk.balances() == {A: -500}
    assert (await desk.account("U1", "A"))["void"] is True
    assert await desk.wrong() == []


async def test_suspense_is_lowered_by_a_reversal_and_matched_with_its_own_date(desk: Desk) -> None:
    await desk.hear(a_payment("P1", 500, on="2026-02-01", unit_id="U1"))
    await desk.hear(a_reversal("R1", "P1", 100, on="2026-02-03"))
    answer = await desk.ask(suspense_questions.suspense)
    assert [payment["amount_pence"] for payment in answer["payments"]] == [400]
    assert answer["payments_pence"] == 400
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    assert await desk.balances() == {A: -400}
    assert str((await desk.account("U1", "A"))["lines"][0]["value_on"]) == "2026-02-01"
    assert await desk.wrong() == []


async def test_a_reversal_waits_for_its_payment(desk: Desk) -> None:
    assert await desk.hear(a_reversal("R1", "P1", 100, on="2026-02-03")) == ["H"]
    assert (await desk.ask(suspense_questions.suspense))["reversals"] == [
        {"reversal_id": "R1", "payment_id": "P1", "amount_pence": 100, "waiting_for": "payment:P1"}
    ]
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_payment("P1", 500, on="2026-02-01", unit_id="U1"))
    assert await desk.balances() == {A: -400}
    assert await desk.held() == []
    assert await desk.wrong() == []


async def test_a_reversal_above_what_is_left_is_refused(desk: Desk) -> None:
    await desk.hear(a_payment("P1", 500, on="2026-02-01"))
    verdicts = await desk.hear(
        a_reversal("R1", "P1", 300, on="2026-02-03"), a_reversal("R2", "P1", 201, on="2026-02-03")
    )
    assert verdicts == ["D", "X"]
    assert await desk.dead() == ["reversal-above-payment"]


async def test_the_same_payment_again_is_a_duplicate_and_another_of_its_name_a_conflict(desk: Desk) -> None:
    payment, other = a_payment("P1", 500, on="2026-02-01"), a_payment("P1", 501, on="2026-02-01")
    assert await desk.hear(payment, payment, other) == ["D", "U", "X"]
    reversal, twisted = a_reversal("R1", "P1", 100, on="2026-02-03"), a_reversal("R1", "P1", 99, on="2026-02-03")
    assert await desk.hear(reversal, reversal, twisted) == ["D", "U", "X"]
    assert await desk.balances() == {SUSPENSE: -400}


async def test_an_opening_credit_does_not_touch_the_bank(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2026-01-01", unit_id="U1", method="opening-credit"))
    answer = await desk.ask(questions.trial_balance, None, None)
    assert {row["account"] for row in answer["rows"]} == {"opening", "receivable"}


async def test_an_opening_balance_is_due_without_a_statement_and_paid_first(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    opening = a_charge("C0", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2025-11-30")
    await desk.hear(opening, a_charge("C1", 300, unit="U1", on="2026-01-02"))
    answer = await desk.account("U1", "A", as_of=None)
    assert (answer["balance_pence"], answer["due_pence"], answer["not_yet_billed_pence"]) == (1100, 800, 300)
    await desk.hear(a_payment("P1", 900, on="2026-02-01", unit_id="U1"))
    answer = await desk.account("U1", "A")
    assert (answer["due_pence"], answer["credit_pence"]) == (0, 100)
    assert answer["ageing"] == {
        "current": 0, "d1_30": 0, "d31_60": 0, "d61_90": 0, "d91_120": 0, "over_120": 0, "credit": -100,
        "not_yet_billed": 300,
    }  # fmt: skip
    assert await desk.wrong() == []


async def test_money_taken_back_is_listed_with_why_and_on_whose_account_it_falls(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2026-02-01", account_ref=A), a_payment("P2", 300, on="2026-02-01"))
    await desk.hear(a_reversal("R1", "P1", 500, on="2026-11-03"), a_reversal("R2", "P2", 100, on="2026-02-03"))
    found = await desk.ask(return_questions.returns, date(2026, 1, 1), date(2026, 12, 31))
    told = [
        (row["reversal_id"], row["account_refs"], row["meaning"][:14], row["next_step"]) for row in found["returns"]
    ]
    assert told == [("R2", [], "refer to payer", "collect-again"), ("R1", [A], "refer to payer", "collect-again")]
    assert [(row["code"], row["count"], row["amount_pence"]) for row in found["by_reason"]] == [("arudd-0", 2, 600)]
    assert (await desk.ask(return_questions.returns, date(2026, 3, 1), date(2026, 10, 31)))["returns"] == []
