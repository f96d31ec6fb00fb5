"""The whole-cost model on a real database: recorded over HTTP, tied to the ledger to the penny."""

import random
from datetime import date
from typing import Any

import httpx
import pytest

from services.billing import api
from services.billing.domain.cost_model import FEES
from services.billing.domain.refs import account_ref
from services.billing.usecases import books, cost_model, questions
from shared.events.housing import ChargeKind, ChargeRaised
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares
from tests.integration.billing.people import write_off
from tests.integration.billing.test_histories import a_history, tell
from tests.support.staff import as_, staff_door

STAFF: dict[str, Any] = {
    "kind": "staff", "incurred_on": "2026-04-30", "amount_pence": 300_00, "note": "April", "reason": "payroll",
}  # fmt: skip


async def model(desk: Desk, wanted: int = 0, known_at: date | None = None) -> Any:
    return await desk.ask(cost_model.model, 2026, wanted, known_at)


MONTHS = [f"2026-{month:02d}" for month in range(4, 13)] + [f"2027-{month:02d}" for month in range(1, 4)]


def client(desk: Desk, issuer: LocalIssuer, role: str) -> httpx.AsyncClient:
    return staff_door(issuer, "billing", api.routes(desk.doors), headers=as_(issuer, role))


async def a_year(desk: Desk) -> None:
    """Fees of three flats, one credited; a debt written off; a share that the neighbours carry; it is 2 August."""
    await desk.hear(*(a_unit(f"U{n}") for n in (1, 2, 3)), *(a_line(f"U{n}", (f"A{n}", "2025-06-01")) for n in (1, 2)))
    await desk.hear(a_line("U3", ("A3", "2025-06-01")), shares(("U1", 1, 3), ("U2", 1, 3), ("U3", 1, 3)))
    fee: dict[str, Any] = {"kind": "management-fee", "tax": {"code": "S", "net_pence": 100_00, "tax_pence": 20_00}}
    await desk.hear(*(a_charge(f"F{n}", 120_00, unit=f"U{n}", on="2026-04-01", **fee) for n in (1, 2, 3)))
    await desk.hear(
        a_charge("OLD", 120_00, unit="U1", on="2026-03-31", **fee),
        a_charge("PACK", 40_00, unit="U1", on="2026-05-01", kind="admin-fee"),
        a_charge("ROOF", 90_00, pool="S1", on="2026-05-01"),
        a_credit("K1", "F3", 60_00, on="2026-06-01"),
    )
    await desk.close("2026-07-01")
    await write_off(desk, account_ref("U1", "A1"), {"PACK": 15_00})
    await write_off(desk, account_ref("U2", "A2"), {"ROOF": 30_00}, ground="rule-5")
    await desk.close("2026-07-02", "2026-08-01")


async def test_costs_and_surplus_are_the_fees_of_the_ledger(desk: Desk, issuer: LocalIssuer) -> None:
    await a_year(desk)
    async with client(desk, issuer, "finance") as finance:
        for _ in range(2):
            answer = await finance.post("/fee-costs", json=STAFF, headers={"Idempotency-Key": "april-staff"})
            assert answer.status_code == 200
        await finance.post("/fee-costs", json=STAFF | {"amount_pence": -20_00, "note": "April, corrected"})
        await finance.post("/fee-costs", json=STAFF | {"incurred_on": "2026-03-31"})
        told = (await finance.get("/cost-model/2026", params={"wanted_surplus_pence": 1_00})).json()
    assert [(one["kind"], one["amount_pence"]) for one in told["costs"]] == [("staff", 280_00)]
    assert told["bad_debt"] == {"ledger_pence": 45_00, "carried_pence": 30_00, "net_pence": 15_00}
    assert {one["account"]: one["net_pence"] for one in told["fees"]} == {
        "income:admin-fee": 40_00, "income:management-fee": 250_00,
    }  # fmt: skip
    assert (told["cost_pence"], told["fee_pence"], told["surplus_pence"]) == (295_00, 290_00, -5_00)
    assert (told["units"], told["to_recover_pence"], told["proposed_fee_pence"]) == (3, 256_00, 85_34)
    assert len(told["recorded"]) == 2
    monthly = [await desk.ask(books.profit_and_loss, month, None) for month in MONTHS]
    assert {one["month"]: one["result_pence"] for one in monthly if one["result_pence"]} == {
        "2026-04": 20_00, "2026-05": 40_00, "2026-06": -50_00, "2026-07": -15_00,
    }  # fmt: skip
    assert sum(one["result_pence"] for one in monthly) == told["surplus_pence"]
    assert (monthly[0]["costs"], monthly[0]["cost_pence"]) == ([{"kind": "staff", "amount_pence": 280_00}], 280_00)
    assert await desk.wrong() == []


async def test_a_pooled_fee_that_the_others_carry_is_earned_once(desk: Desk) -> None:
    """What they are charged stands among the fees, so what was given up is lost: 280.00 are left of 8 x 35.00."""
    units = [f"U{n}" for n in range(1, 9)]
    await desk.hear(*map(a_unit, units), shares(*((unit, 1, 8) for unit in units)))
    await desk.hear(*(a_line(unit, (f"A{unit}", "2025-06-01")) for unit in units))
    fee: dict[str, Any] = {"kind": "management-fee", "tax": {"code": "S", "net_pence": 280_00, "tax_pence": 56_00}}
    await desk.hear(a_charge("FEE", 336_00, pool="S1", on="2026-05-01", **fee))
    await desk.close("2026-07-01")
    await write_off(desk, account_ref("U2", "AU2"), {"FEE": 42_00}, ground="rule-5")
    await desk.close("2026-07-02")
    told = await model(desk)
    assert (told["fee_pence"], told["bad_debt"]["net_pence"], told["surplus_pence"]) == (322_00, 42_00, 280_00)
    assert await desk.wrong() == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"amount_pence": 0}, 422),
        ({"amount_pence": 1.5}, 422),
        ({"incurred_on": "2027-01-01"}, 409),
        ({"kind": "x"}, 422),
    ],
)
async def test_what_is_no_cost_is_refused(desk: Desk, issuer: LocalIssuer, wrong: dict[str, Any], status: int) -> None:
    await desk.rows("update msg.gate set first_ended = '2026-07-01', last_closed = '2026-07-01'")
    async with client(desk, issuer, "finance") as finance:
        assert (await finance.post("/fee-costs", json=STAFF | wrong)).status_code == status
    assert (await model(desk))["cost_pence"] == 0


async def test_an_assistant_records_no_costs(desk: Desk, issuer: LocalIssuer) -> None:
    async with client(desk, issuer, "assistant") as assistant:
        assert (await assistant.post("/fee-costs", json=STAFF)).status_code == 403


def with_fees(event: Any, dice: random.Random) -> Any:
    """Turn most charges into fees."""
    kinds = (ChargeKind.MANAGEMENT_FEE, ChargeKind.ADMIN_FEE, ChargeKind.LATE_FEE, ChargeKind.REPAIR)
    return event.model_copy(update={"kind": dice.choice(kinds)}) if isinstance(event, ChargeRaised) else event


@pytest.mark.parametrize("seed", range(2))
async def test_the_fees_of_any_history_are_those_of_its_months_and_of_the_trial_balance(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    await desk.close("2026-03-31")
    await tell(desk, [with_fees(event, dice) for event in a_history(dice)], dice)
    told = await model(desk)
    monthly = [await desk.ask(books.profit_and_loss, month, None) for month in MONTHS]
    assert told["fee_pence"] == sum(one["income_pence"] for one in monthly) != 0
    assert told["surplus_pence"] == sum(one["result_pence"] for one in monthly)
    sums = []
    for day in (date(2027, 3, 31), date(2026, 3, 31)):
        rows = (await desk.ask(questions.trial_balance, day, None))["rows"]
        fees = [row for row in rows if row["account"] in FEES]
        sums.append(sum(row["credit_pence"] - row["debit_pence"] for row in fees))
    assert told["fee_pence"] == sums[0] - sums[1]
