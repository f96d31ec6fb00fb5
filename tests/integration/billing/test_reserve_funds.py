"""Reserve funds on a real database: paid in with charges, spent by two people, staying with the building on a sale."""

from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import owners_money_questions, questions
from services.billing.usecases.owners_money import SPENDING
from services.billing.usecases.schedules import SCHEDULE
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.events.housing import Tenure
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit, shares
from tests.integration.billing.people import decide, write_off
from tests.integration.billing.test_floats import balances
from tests.integration.billing.test_write_offs import exported
from tests.support import hledger

ROOF: dict[str, Any] = {
    "fund_id": "B1", "amount_pence": 60_00, "spent_on": "2026-04-20", "description": "Roof survey", "evidence": "inv 9",
}  # fmt: skip


@pytest.fixture
async def block(desk: Desk) -> Desk:
    """Two flats pay 100 pounds each into their block's fund, one of them in full; a house has a fund of its own."""
    await desk.hear(a_unit(), a_unit("U2"), a_unit("H1", block_id=None, development_id="D2"))
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.hear(a_line("H1", ("C", "2025-06-01")), shares(("U1", 1, 2), ("U2", 1, 2)))
    await desk.hear(
        a_charge("FUND-1", 200_00, pool="S1", on="2026-01-05", kind="reserve-fund"),
        a_charge("FUND-2", 30_00, unit="H1", on="2026-01-05", kind="reserve-fund"),
        a_charge("FUND-3", 7_00, unit="LATER", on="2026-01-05", kind="reserve-fund"),
    )
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 100_00, on="2026-04-02", account_ref=account_ref("U1", "A")))
    await desk.close("2026-04-30")
    return desk


async def funds(desk: Desk) -> Any:
    told = await desk.ask(owners_money_questions.funds, None, None)
    assert told["ties"]
    return told


async def test_a_fund_has_what_is_paid_in_and_not_spent(block: Desk) -> None:
    answer = await decide(block, SPENDING, **ROOF)
    told = await funds(block)
    names = ("name", "asked_pence", "held_pence", "unpaid_pence", "spent_pence", "left_pence")
    assert [tuple(row[name] for name in names) for row in told["rows"]] == [
        ("B1", 200_00, 100_00, 100_00, 60_00, 40_00), ("D2", 30_00, 0, 30_00, 0, 0),
    ]  # fmt: skip
    assert (told["waiting_pence"], told["ledger_pence"], told["total"]["left_pence"]) == (7_00, 177_00, 40_00)
    [spending] = told["spendings"]
    assert (spending["spending_id"], spending["description"]) == (answer["spending_id"], "Roof survey")
    books = {row["account"]: row for row in (await block.ask(questions.trial_balance, None, None))["rows"]}
    assert (books["bank"]["debit_pence"], books["reserve-funds"]["credit_pence"]) == (40_00, 177_00)
    assert await block.wrong() == []
    journal = await block.ask(exported)
    assert hledger.complaints(journal) == ""
    assert hledger.balances(journal)["reserve-funds"] == -177_00


async def test_it_stays_with_the_building_when_the_flat_is_sold(block: Desk) -> None:
    before = await balances(block)
    await block.close("2026-05-01", "2026-07-28", "2026-07-29")
    assert await balances(block) == before
    assert before[account_ref("U1", "N")] == before[account_ref("U1", "A")] == 0
    assert (await funds(block))["rows"][0]["held_pence"] == 100_00


async def test_more_than_is_paid_in_is_not_spent_and_more_than_was_spent_does_not_come_back(block: Desk) -> None:
    for wrong, refusal, words in (
        ({"amount_pence": 100_01}, NotValidError, "paid in"),
        ({"amount_pence": -1}, NotValidError, "cannot come back"),
        ({"amount_pence": 0}, NotValidError, "Nothing"),
        ({"fund_id": "B9"}, NotKnownError, "B9"),
        ({"spent_on": "2026-05-02"}, NotNowError, "not come yet"),
    ):
        with pytest.raises(refusal, match=words):
            await decide(block, SPENDING, **ROOF | wrong)
    await decide(block, SPENDING, **ROOF)
    await decide(block, SPENDING, **ROOF | {"amount_pence": -10_00, "description": "Money back from the surveyor"})
    assert (await funds(block))["rows"][0]["left_pence"] == 50_00
    assert await block.wrong() == []


async def test_the_association_pays_in_for_its_own_flats_without_a_statement(block: Desk) -> None:
    await block.hear(a_unit("U3", tenure=Tenure.ASSOCIATION))
    await block.hear(a_charge("FUND-4", 80_00, unit="U3", on="2026-04-01", kind="reserve-fund"))
    assert (await funds(block))["rows"][0]["left_pence"] == 100_00
    await block.hear(a_payment("P3", 80_00, on="2026-04-05", unit_id="U3"))
    assert (await funds(block))["rows"][0]["left_pence"] == 180_00
    await decide(block, SPENDING, **ROOF | {"amount_pence": 180_00})
    assert await block.wrong() == []


async def test_a_fund_may_be_paid_into_by_schedule(block: Desk) -> None:
    each = {"schedule_id": "FUND", "kind": "reserve-fund", "scope": "block", "scope_id": "B1"}
    terms = {"effective_from": "2026-07-01", "annual_net_pence": 100_00, "description": "Reserve fund"}
    await decide(block, SCHEDULE, **each, **terms)
    await block.close("2026-07-01")
    assert (await funds(block))["rows"][0]["asked_pence"] == 200_00 + 2 * 25_00


async def test_what_an_owner_will_never_pay_into_a_fund_is_no_debt_of_the_factor(block: Desk) -> None:
    await write_off(block, account_ref("U2", "B"), {"FUND-1": 100_00})
    told = await funds(block)
    row = told["rows"][0]
    assert (row["asked_pence"], row["held_pence"], row["unpaid_pence"], row["written_off_pence"]) == (
        200_00, 100_00, 0, 100_00,
    )  # fmt: skip
    assert told["ledger_pence"] == 237_00 - 100_00
    books = {row["account"]: row for row in (await block.ask(questions.trial_balance, None, None))["rows"]}
    assert "bad-debt" not in books
    await block.hear(a_payment("P2", 30_00, on="2026-05-01", account_ref=account_ref("U2", "B")))
    told = await funds(block)
    assert (told["rows"][0]["held_pence"], told["ledger_pence"]) == (130_00, 237_00 - 70_00)
    assert await block.wrong() == []


async def test_money_ahead_of_a_statement_is_paid_in_and_waits_for_it_to_be_spent(block: Desk) -> None:
    await block.hear(
        a_charge("FUND-9", 50_00, unit="U1", on="2026-04-20", kind="reserve-fund", instructed_on="2026-04-20")
    )
    await block.hear(a_payment("P9", 50_00, on="2026-04-20", account_ref=account_ref("U1", "A")))
    assert (await funds(block))["rows"][0]["held_pence"] == 150_00
    with pytest.raises(NotValidError, match="billed"):
        await decide(block, SPENDING, **ROOF | {"amount_pence": 100_01})
    await block.close("2026-07-01")
    await decide(block, SPENDING, **ROOF | {"amount_pence": 150_00, "spent_on": "2026-07-01"})
