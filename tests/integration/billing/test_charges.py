"""Charges and credits: posted whole, divided, attributed, waiting, moved when what they wait for comes."""

from services.billing.domain.refs import account_ref
from shared.events.topics import ACCOUNT_CHARGED, ACCOUNT_OPENED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares

A = account_ref("U1", "A")


async def test_a_charge_lands_on_the_account_of_the_day(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    assert await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05")) == ["D"]
    assert await desk.balances() == {A: 1200}
    assert [event.account_ref for event in await desk.said(ACCOUNT_OPENED)] == [A]
    [charged] = await desk.said(ACCOUNT_CHARGED)
    assert (charged.charge_id, charged.amount_pence, charged.reason) == ("C1", 1200, "raised")
    assert await desk.wrong() == []
