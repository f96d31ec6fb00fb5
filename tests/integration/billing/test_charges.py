"""Charges and credits: posted whole, divided, attributed, waiting, moved when what they wait for comes."""

from datetime import date

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import questions, suspense_questions
from shared.events.housing import Tenure
from shared.events.topics import ACCOUNT_CHARGED, ACCOUNT_CLOSED, ACCOUNT_OPENED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares

A, B = account_ref("U1", "A"), account_ref("U1", "B")
SUSPENSE = "suspense-charges"


async def test_a_charge_lands_on_the_account_of_the_day(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    assert await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05")) == ["D"]
    assert await desk.balances() == {A: 1200}
    assert [event.account_ref for event in await desk.said(ACCOUNT_OPENED)] == [A]
    [charged] = await desk.said(ACCOUNT_CHARGED)
    assert (charged.charge_id, charged.amount_pence, charged.reason) == ("C1", 1200, "raised")
    assert await desk.wrong() == []


async def test_a_charge_waits_for_its_unit_then_for_its_owner(desk: Desk) -> None:
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    assert await desk.balances() == {SUSPENSE: 1200}
    assert (await desk.ask(suspense_questions.suspense))["charges"][0]["waiting_for"] == "unit:U1"
    await desk.hear(a_unit())
    waits = {"charge_id": "C1", "unit_id": "U1", "amount_pence": 1200, "waiting_for": "owner:U1"}
    assert (await desk.ask(suspense_questions.suspense))["charges"] == [waits]
    assert (await desk.ask(suspense_questions.suspense, True))["charges"] == [waits | {"since_book": date(2026, 1, 1)}]
    await desk.hear(a_line("U1", ("A", "2025-06-01")))
    assert await desk.balances() == {A: 1200}
    assert (await desk.ask(suspense_questions.suspense))["charges_pence"] == 0
    assert await desk.wrong() == []


async def test_days_outside_management_wait(desk: Desk) -> None:
    await desk.hear(a_unit(managed_to=date(2026, 1, 31)), a_line("U1", ("A", "2025-06-01")))
    period = {"from": date(2026, 1, 22), "to": date(2026, 2, 10)}
    await desk.hear(a_charge("C1", 2000, unit="U1", on="2026-02-11", period=period))
    assert await desk.balances() == {A: 1000, SUSPENSE: 1000}
    await desk.hear(a_unit())
    assert await desk.balances() == {A: 2000}
    assert await desk.wrong() == []


async def test_the_association_owes_on_its_internal_account(desk: Desk) -> None:
    await desk.hear(a_unit(tenure=Tenure.ASSOCIATION), a_charge("C1", 500, unit="U1", on="2026-01-05"))
    assert await desk.balances() == {account_ref("U1", None): 500}
    await desk.hear(a_line("U1", ("", "2025-01-01", True), ("A", "2026-01-01")))
    assert await desk.balances() == {A: 500}
    assert await desk.wrong() == []


async def test_a_pool_is_divided_by_title_to_the_penny(desk: Desk) -> None:
    """domain.md 3.1: £1,000.00 over seven flats."""
    parts = [3, 3, 4, 4, 4, 4, 5]
    units = [f"U{number}" for number in range(7)]
    await desk.hear(*map(a_unit, units), *(a_line(unit, ("A", "2025-06-01")) for unit in units))
    await desk.hear(shares(*((unit, part, 27) for unit, part in zip(units, parts, strict=True))))
    await desk.hear(a_charge("C1", 100_000, pool="S1", on="2026-01-05"))
    expected = [11111, 11111, 14815, 14815, 14815, 14815, 18518]
    assert await desk.balances() == {account_ref(unit, "A"): pence for unit, pence in zip(units, expected, strict=True)}
    answer = await desk.account("U6", "A")
    assert [(line["share"], line["pool_pence"]) for line in answer["lines"]] == [("5/27", 100_000)]
    assert await desk.wrong() == []


async def test_a_set_waits_until_it_is_complete_and_goes_back_to_waiting(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 900, pool="S1", on="2026-01-05"))
    assert (await desk.ask(suspense_questions.suspense))["charges"] == [
        {"charge_id": "C1", "amount_pence": 900, "waiting_for": "share-set:S1"}
    ]
    await desk.hear(shares(("U1", 1, 1)))
    assert await desk.balances() == {A: 900}
    await desk.hear(shares(("U1", 1, 2), complete=False))
    assert await desk.balances() == {SUSPENSE: 900}
    assert await desk.wrong() == []


async def test_a_version_learnt_late_divides_anew(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("A", "2025-06-01")))
    await desk.hear(shares(("U1", 1, 2), ("U2", 1, 2)), a_charge("C1", 1000, pool="S1", on="2026-01-05"))
    await desk.hear(shares(("U1", 1, 4), ("U2", 3, 4), since="2026-01-01"))
    assert await desk.balances() == {A: 250, account_ref("U2", "A"): 750}
    assert [(event.amount_pence, event.reason) for event in await desk.said(ACCOUNT_CHARGED)][2:] == [
        (-250, "redivided"),
        (250, "redivided"),
    ]
    assert await desk.wrong() == []


async def test_a_sale_learnt_late_moves_the_charge_and_its_credit(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_charge("C1", 1000, unit="U1", on="2026-02-05"), a_credit("K1", "C1", 300, on="2026-02-07"))
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-01"), version=2))
    assert await desk.balances() == {B: 700}
    assert [event.closed_on for event in await desk.said(ACCOUNT_CLOSED)] == [date(2026, 2, 1)]
    assert (await desk.account("U1", "A"))["lines"] == []
    lines = (await desk.account("U1", "B"))["lines"]
    assert [(line["kind"], line["amount_pence"], line["cause"]["type"]) for line in lines] == [
        ("charge", 1000, "owners.ownership-changed.v1"),
        ("credit", -300, "owners.ownership-changed.v1"),
    ]
    assert await desk.wrong() == []


async def test_a_period_is_owed_by_the_owner_of_each_day(desk: Desk) -> None:
    """domain.md 3.4: entry on 17 February, net and tax apart."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17")))
    tax = {"code": "S", "net_pence": 3500, "tax_pence": 700}
    period = {"from": date(2026, 1, 1), "to": date(2026, 3, 31)}
    await desk.hear(a_charge("C1", 4200, unit="U1", on="2026-01-01", tax=tax, period=period))
    assert await desk.balances() == {A: 1828 + 366, B: 1672 + 334}
    assert await desk.wrong() == []


async def test_what_is_left_is_credited_part_by_part(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("A", "2025-06-01")))
    await desk.hear(shares(("U1", 1, 2), ("U2", 1, 2)), a_charge("C1", 1001, pool="S1", on="2026-01-05"))
    await desk.hear(a_credit("K1", "C1", 333, on="2026-01-06"), a_credit("K2", "C1", on="2026-01-07"))
    assert await desk.balances() == {}
    assert await desk.wrong() == []


async def test_a_credit_above_the_charge_is_refused_by_name(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 1000, unit="U1", on="2026-02-05"))
    verdicts = await desk.hear(a_credit("K1", "C1", 600, on="2026-02-07"), a_credit("K2", "C1", 500, on="2026-02-07"))
    assert verdicts == ["D", "X"]
    assert await desk.dead() == ["credit-above-charge"]
    assert await desk.balances() == {A: 400}


async def test_a_charge_whose_net_and_tax_do_not_add_up_is_refused(desk: Desk) -> None:
    tax = {"code": "S", "net_pence": 10, "tax_pence": 2}
    assert await desk.hear(a_charge("C1", 13, unit="U1", on="2026-02-05", tax=tax)) == ["X"]
    assert await desk.hear(a_charge("C1", 13, unit="U1", on="2026-02-05")) == ["D"]


async def test_a_credit_of_an_unknown_charge_is_held_and_shown(desk: Desk) -> None:
    assert await desk.hear(a_credit("K1", "C1", 300, on="2026-02-07")) == ["H"]
    assert (await desk.ask(suspense_questions.suspense))["credits"] == [
        {"credit_id": "K1", "charge_id": "C1", "amount_pence": 300, "waiting_for": "charge:C1"}
    ]
    await desk.hear(a_charge("C1", 1000, unit="U1", on="2026-02-05"))
    answer = await desk.ask(suspense_questions.suspense)
    assert answer["charges"][0]["amount_pence"] == 1000
    assert answer["credits"] == [
        {"credit_id": "K1", "charge_id": "C1", "unit_id": "U1", "amount_pence": 300, "waiting_for": "unit:U1"}
    ]
    assert await desk.balances() == {SUSPENSE: 700}
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    assert await desk.balances() == {A: 700}
    assert await desk.wrong() == []


async def test_a_credit_does_not_overtake_one_that_waited_before_it(desk: Desk) -> None:
    await desk.hear(a_credit("K1", "C1", 300, on="2026-02-07"))
    await desk.hear(a_charge("C1", 1000, unit="U1", on="2026-02-05"), a_credit("K2", "C1", on="2026-02-08"))
    rows = await desk.rows("select credit_id, amount_pence from billing.credits order by accepted_no")
    assert [tuple(row) for row in rows] == [("K1", 300), ("K2", 700)]
    assert await desk.dead() == []


async def test_the_same_charge_again_changes_nothing_and_another_of_its_name_is_a_conflict(desk: Desk) -> None:
    charge = a_charge("C1", 1000, unit="U1", on="2026-02-05")
    other = a_charge("C1", 1001, unit="U1", on="2026-02-05")
    assert await desk.hear(charge, charge, other) == ["D", "U", "X"]
    assert await desk.hear(charge, other) == ["U", "X"]
    assert await desk.dead() == ["conflicting-id", "conflicting-id"]
    assert await desk.balances() == {SUSPENSE: 1000}


@pytest.mark.parametrize("taxed", [False, True])
async def test_the_books_name_income_and_tax(desk: Desk, taxed: bool) -> None:
    tax = {"code": "S", "net_pence": 1000, "tax_pence": 200} if taxed else None
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-02-05", kind="cleaning", tax=tax))
    answer = await desk.ask(questions.trial_balance, None, None)
    rows = {row["account"]: row["debit_pence"] - row["credit_pence"] for row in answer["rows"]}
    expected = {"receivable": 1200, "income:cleaning": -1000, "tax": -200}
    assert rows == (expected if taxed else {"receivable": 1200, "income:cleaning": -1200})
    assert answer["debit_pence"] == answer["credit_pence"] == 1200
