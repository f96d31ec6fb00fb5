"""What billing was told of charges, credits, payments and reversals, as it is handed out to be compared."""

import asyncpg

from services.billing.db import payments, reports
from services.billing.domain.refs import account_ref
from shared.events.topics import FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit
from tests.integration.billing.people import OFFICER, caller, decide
from tests.integration.billing.test_floats import an_owner_with_a_float


async def told(connection: asyncpg.Connection) -> list[tuple[str, str, int, str]]:
    return [(kind, name, pence, str(on)) async for kind, name, pence, on in reports.each_fact(connection)]


async def test_each_fact_has_the_pence_it_took_and_the_day_it_counts_from(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 700, unit="U1", on="2026-01-02"))
    await desk.hear(a_credit("K1", "C1", 200, on="2026-01-05"), a_credit("K2", "C1", on="2026-01-06"))
    await desk.hear(a_payment("P1", 500, on="2026-01-03"), a_reversal("R1", "P1", 200, on="2026-01-04"))
    await desk.hear(a_credit("K9", "C9", on="2026-01-06"))  # waits for its charge
    assert await desk.ask(told) == [
        ("charge", "C1", 700, "2026-01-02"), ("credit", "K1", 200, "2026-01-05"), ("credit", "K2", 500, "2026-01-06"),
        ("payment", "P1", 500, "2026-01-03"), ("reversal", "R1", 200, "2026-01-04"),
    ]  # fmt: skip


async def test_a_refund_of_ours_is_not_compared(desk: Desk) -> None:
    account = account_ref("U1", "A")
    await desk.close("2026-01-31")
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_payment("P1", 500, on="2026-01-03", account_ref=account))
    people = (OFFICER, caller("fay", "finance"))
    await decide(desk, "refund", people, payment_id="P1", amount_pence=200, account_ref=account)
    assert [one["amount_pence"] for one in await desk.ask(payments.list_refunds)] == [200]
    assert await desk.ask(told) == [("payment", "P1", 500, "2026-01-03")]


async def test_a_float_that_we_give_back_is_not_compared(desk: Desk) -> None:
    await an_owner_with_a_float(desk, 37_04)
    await desk.close("2026-04-28")
    assert [line.kind for said in await desk.said(FINAL_ACCOUNT) for line in said.lines].count("credit") == 1
    assert {kind for kind, *_ in await desk.ask(told)} == {"charge", "payment"}
