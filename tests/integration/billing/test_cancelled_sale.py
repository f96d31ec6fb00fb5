"""Case 47 of domain.md 9: a sale cancelled on the morning of entry; owner, direct debit and float are as before."""

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import direct_debit_questions, mandates
from services.billing.usecases.direct_debits import ANNOUNCE
from services.billing.usecases.mandates import SET
from services.billing.usecases.owners_money import TERMS
from shared.events.housing import ChargeRaised
from shared.events.topics import ACCOUNT_CLOSED, COLLECTION_ANNOUNCED, COLLECTION_ENDED, FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit, day
from tests.integration.billing.people import decide
from tests.integration.billing.test_direct_debits import ID, released, say
from tests.integration.billing.test_floats import FLOAT, held

SELLER, BUYER = account_ref("U1", "A"), account_ref("U1", "B")
KEPT = a_line("U1", ("A", "2026-01-02"))
SOLD = a_line("U1", ("A", "2026-01-02"), ("B", "2026-04-15"), version=2)
CANCELLED = a_line("U1", ("A", "2026-01-02"), version=3, void=("B",))
FEE = a_charge(
    "C1", 91_00, unit="U1", on="2026-03-01", kind="management-fee", period={"from": "2026-04-01", "to": "2026-06-30"}
)
"""91 days, of which a sale leaves 14 to the seller."""
REPAIR = a_charge("C1", 91_00, unit="U1", on="2026-03-01")
"""The seller's, sale or not."""


async def announced(desk: Desk, charge: ChargeRaised) -> None:
    """An owner with a float and a mandate was told what of the statement of 1 April is taken on the 29th: 241.00."""
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), KEPT)
    await desk.close("2026-01-01", "2026-01-02")
    await desk.hear(charge)
    await desk.close("2026-04-01")
    await say(desk, SET, account_ref=SELLER, mandate_id="MD1")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")


async def sold_and_cancelled(desk: Desk, sellers: int) -> None:
    """A sale is told on 10 April and cancelled on the 15th, the morning of entry; between them A owes ``sellers``."""
    await desk.close("2026-04-09")
    await desk.hear(SOLD)
    await desk.close("2026-04-10", "2026-04-14")
    assert (await desk.balances())[SELLER] == sellers
    await desk.hear(CANCELLED)
    closed = [one.closed_on for one in await desk.said(ACCOUNT_CLOSED) if one.account_ref == SELLER]
    assert closed == [day("2026-04-15"), None]


async def stands(desk: Desk) -> bool:
    [mandate] = await desk.ask(mandates.worklist)
    return (mandate["account_ref"], mandate["state"], mandate["ended_on"]) == (SELLER, "stands", None)


async def told(desk: Desk) -> list[tuple[str, str, int]]:
    return [(one.account_ref, one.mandate_id, one.amount_pence) for one in await desk.said(COLLECTION_ANNOUNCED)]


@pytest.mark.parametrize("sold", [False, True])
async def test_the_mandate_stands_and_takes_what_was_announced_as_if_nothing_had_been_sold(
    desk: Desk, sold: bool
) -> None:
    await announced(desk, REPAIR)
    if sold:
        await sold_and_cancelled(desk, 91_00 + 150_00)
    await desk.close("2026-04-23")
    assert await stands(desk)
    assert (await released(desk))["skipped"] == 0
    [row] = (await desk.ask(direct_debit_questions.file, ID)).split("\r\n")[1:-1]
    assert row.split(",")[6] == "241.00"
    await desk.hear(a_payment("P1", 241_00, on="2026-04-29", account_ref=SELLER, method="direct-debit"))
    await desk.hear(a_charge("LATER", 7_00, unit="U1", on="2026-05-01"))
    await desk.close("2026-05-20", "2026-07-01")
    await say(desk, ANNOUNCE, collect_on="2026-07-29")
    assert await told(desk) == [(SELLER, "MD1", 241_00), (SELLER, "MD1", 7_00)]
    assert (await desk.said(COLLECTION_ENDED), await desk.said(FINAL_ACCOUNT)) == ([], [])
    assert (await desk.balances(), (await held(desk))["ledger_pence"]) == ({SELLER: 7_00}, 150_00)
    assert await desk.wrong() == []


async def test_days_that_come_back_to_the_seller_are_due_and_collected_with_the_next_statement(desk: Desk) -> None:
    """Contract 6, statements: an increase of what was billed is due with the statement that carries it."""
    await announced(desk, FEE)
    await sold_and_cancelled(desk, 14_00 + 150_00)
    await desk.close("2026-04-23")
    assert await desk.balances() == {SELLER: 241_00}
    # Within the ten working days it is the old amount or none, and of that not all is due by the 29th now.
    assert (await released(desk))["skipped"] == 1
    assert [(one.why, one.amount_pence) for one in await desk.said(COLLECTION_ENDED)] == [("owes-less", 241_00)]
    assert await stands(desk)
    await desk.close("2026-05-20", "2026-07-01")
    await say(desk, ANNOUNCE, collect_on="2026-07-29")
    assert await told(desk) == [(SELLER, "MD1", 241_00)] * 2
    assert await desk.wrong() == []
