"""What a credit tells its owner on every document: why it was given, and which statement billed its charge."""

from services.billing.domain.refs import account_ref
from services.billing.usecases import annual_statement_questions
from shared.events.billing import StatementLine
from shared.events.topics import FINAL_ACCOUNT, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares

A, B = account_ref("U1", "A"), account_ref("U2", "B")
WHY = "The contractor gave back <part> of it"


async def a_credited_roof(desk: Desk) -> None:
    """Billed to A and B in April, 90 of it credited in May; a gutter credited in the quarter of its charge."""
    await desk.hear(a_unit(), a_unit("U2"), shares(("U1", 1, 3), ("U2", 2, 3)))
    await desk.hear(a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("ROOF", 900, pool="S1", on="2026-02-05"))
    await desk.close("2026-04-01")
    await desk.hear(a_credit("K1", "ROOF", 90, on="2026-05-01").model_copy(update={"reason": WHY}))
    await desk.hear(a_charge("GUTTER", 60, unit="U1", on="2026-05-02"), a_credit("K2", "GUTTER", 6, on="2026-05-03"))
    await desk.close("2026-07-01")


def credits_of(lines: tuple[StatementLine, ...]) -> list[tuple[object, ...]]:
    found = [line for line in lines if line.reason or line.billed_on_statement]
    return [(line.credit_id, line.amount_pence, line.reason, line.billed_on_statement) for line in found]


async def test_a_credit_line_has_its_reason_and_the_statement_that_billed_its_charge(desk: Desk) -> None:
    await a_credited_roof(desk)
    said = {(one.account_ref, one.quarter): one.lines for one in await desk.said(STATEMENT_ISSUED)}
    assert credits_of(said[A, "2026Q1"]) == []
    assert credits_of(said[A, "2026Q2"]) == [("K1", -30, WHY, f"{A}-2026Q1"), ("K2", -6, "agreed", None)]
    assert credits_of(said[B, "2026Q2"]) == [("K1", -60, WHY, f"{B}-2026Q1")]
    assert await desk.wrong() == []


async def test_the_account_and_the_year_say_the_same(desk: Desk) -> None:
    await a_credited_roof(desk)
    account = await desk.account("U1", "A")
    year = await desk.ask(annual_statement_questions.annual_statement, A, 2026)
    for lines in (account["lines"], year["lines"]):
        told = {line["charge_id"]: line for line in lines if line["kind"] == "credit"}
        assert (told["ROOF"]["reason"], told["ROOF"]["billed_on_statement"]) == (WHY, f"{A}-2026Q1")
        assert (told["GUTTER"]["reason"], "billed_on_statement" in told["GUTTER"]) == ("agreed", False)
        assert not [line for line in lines if line["kind"] == "charge" and "reason" in line]


async def test_a_final_account_says_the_same_of_a_credit_that_no_statement_carries_yet(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("FEE", 42_00, unit="U1", on="2026-01-02"))
    await desk.close("2026-04-01")
    await desk.hear(a_credit("K1", "FEE", 2_00, on="2026-04-10"))
    await desk.close("2026-04-28")
    [final] = await desk.said(FINAL_ACCOUNT)
    assert credits_of(final.lines) == [("K1", -2_00, "agreed", f"{A}-2026Q1")]
