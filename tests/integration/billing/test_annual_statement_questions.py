"""The annual detailed statement: by head and line, from the ledger, to the penny what the quarters' statements say."""

from datetime import date
from typing import Any

from services.billing.domain.refs import account_ref
from services.billing.usecases import annual_statement_questions
from shared.events.housing import Tenure
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit, shares
from tests.integration.billing.reviewing import pass_all, release, review_from_now, set_policy

A = account_ref("U1", "A")


async def a_year(desk: Desk) -> None:
    """A fee, a shared repair, a credit of it, a payment that bounced; the fourth quarter is reviewed."""
    await desk.hear(a_unit(), a_unit("U2"), shares(("U1", 1, 3), ("U2", 2, 3)))
    await desk.hear(a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.close("2025-12-01")
    await desk.hear(a_charge("OLD", 500, unit="U1", on="2025-12-05"))
    await desk.close("2026-01-01", "2026-01-05")
    await desk.hear(
        a_charge("ROOF", 900_00, pool="S1", on="2026-02-05", instructed_on="2026-01-05", completed_on="2026-01-20"),
        a_charge("FEE", 42_00, unit="U1", on="2026-01-06", kind="management-fee",
                 period={"from": "2026-01-01", "to": "2026-03-31"},
                 tax={"code": "S", "net_pence": 35_00, "tax_pence": 7_00}),
    )  # fmt: skip
    await desk.close("2026-04-01")
    await desk.hear(
        a_payment("P1", 100_00, on="2026-04-20", unit_id="U1"), a_credit("K1", "ROOF", 90_00, on="2026-05-01")
    )
    await desk.close("2026-07-01")
    await desk.hear(a_reversal("R1", "P1", 100_00, on="2026-07-05"))
    await desk.close("2026-10-01")
    await desk.hear(a_charge("LATE", 3_00, unit="U1", on="2026-11-01", kind="late-fee"))
    await review_from_now(desk)
    await desk.close("2027-01-01")
    await desk.hear(a_charge("NEXT", 1_00, unit="U1", on="2026-12-30"))
    await pass_all(desk, "2026Q4-1")
    await release(desk, "2026Q4-1")
    await set_policy(desk, release="automatic")
    await desk.close("2027-01-02", "2027-04-01")


async def ask(desk: Desk, year: int) -> Any:
    return await desk.ask(annual_statement_questions.annual_statement, A, year)


async def test_a_year_is_told_by_head_and_ties_with_its_statements(desk: Desk) -> None:
    await a_year(desk)
    told = await ask(desk, 2026)
    assert [tuple(head.values()) for head in told["heads"]] == [
        ("repair", 300_00, -30_00, 0), ("management-fee", 42_00, 0, 7_00), ("late-fee", 3_00, 0, 0),
    ]  # fmt: skip
    assert told["others"] == [
        {"kind": "payment", "amount_pence": -100_00}, {"kind": "reversal", "amount_pence": 100_00},
    ]  # fmt: skip
    assert (told["brought_forward_pence"], told["total_pence"], told["balance_pence"]) == (5_00, 315_00, 320_00)
    assert [one["quarter"] for one in told["statements"]] == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]
    assert told["statements"][-1]["balance_pence"] == 320_00
    assert sum(line["amount_pence"] for line in told["lines"]) == 315_00
    assert told["ties"]


async def test_each_line_names_its_work_its_share_and_its_statement(desk: Desk) -> None:
    await a_year(desk)
    lines = {line.get("credit_id") or line.get("charge_id"): line for line in (await ask(desk, 2026))["lines"]}
    roof, fee = lines["ROOF"], lines["FEE"]
    assert (roof["description"], roof["completed_on"], roof["pool_pence"], roof["share"]) == (
        "Work ROOF", date(2026, 1, 20), 900_00, "1/3",
    )  # fmt: skip
    assert (fee["period_from"], fee["period_to"], fee["tax_pence"]) == (date(2026, 1, 1), date(2026, 3, 31), 7_00)
    assert (lines["K1"]["statement_no"], roof["statement_no"]) == (f"{A}-2026Q2", f"{A}-2026Q1")
    assert "NEXT" not in lines


async def test_years_follow_on_from_one_another(desk: Desk) -> None:
    await a_year(desk)
    before, after = await ask(desk, 2025), await ask(desk, 2027)
    assert (before["balance_pence"], before["ties"]) == (5_00, True)
    assert (after["brought_forward_pence"], after["total_pence"], after["ties"]) == (320_00, 1_00, True)
    assert {before["basis"], after["basis"]} == {"statements"}
    nothing = await ask(desk, 2024)
    assert (nothing["statements"], nothing["balance_pence"], nothing["ties"]) == ([], 0, True)
    assert await desk.ask(annual_statement_questions.annual_statement, "F0", 2026) is None
    assert await desk.wrong() == []


async def test_a_year_without_statements_is_told_from_the_ledger(desk: Desk) -> None:
    await desk.hear(a_unit(), a_unit("U2", tenure=Tenure.ASSOCIATION), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(
        a_charge("OLD", 500, unit="U1", on="2025-12-05"), a_charge("OURS", 900, unit="U2", on="2026-01-05"),
        a_charge("FEE", 42_00, unit="U1", on="2026-01-06", kind="management-fee"),
        a_payment("P1", 10_00, on="2026-02-01", account_ref=A),
    )  # fmt: skip
    told = await ask(desk, 2026)
    assert (told["basis"], told["statements"], told["ties"]) == ("ledger", [], True)
    assert (told["brought_forward_pence"], told["total_pence"], told["balance_pence"]) == (5_00, 32_00, 37_00)
    assert [head["charged_pence"] for head in told["heads"]] == [42_00]
    assert told["others"] == [{"kind": "payment", "amount_pence": -10_00}]
    assert [line["statement_no"] for line in told["lines"]] == [None, None]
    before = await ask(desk, 2025)
    assert (before["brought_forward_pence"], before["balance_pence"]) == (0, 5_00)
    association = await desk.ask(annual_statement_questions.annual_statement, account_ref("U2", None), 2026)
    assert (association["basis"], association["total_pence"]) == ("ledger", 9_00)
    await desk.close("2026-01-05", "2026-04-01")
    assert (await ask(desk, 2026))["basis"] == "statements"
