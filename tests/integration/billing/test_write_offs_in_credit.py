"""A write-off gives up what it says, or nothing: money on the account may leave less to give up than is open."""

import pytest

from services.billing.usecases import disputes, write_offs
from shared.bus.commands import Given, give
from shared.bus.refusals import NotNowError
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_payment
from tests.integration.billing.people import BOARD, OFFICER, giving_up, office, write_off
from tests.integration.billing.test_write_offs import A, owing


async def disputed(desk: Desk) -> None:
    """Of 342.00 that are open 60.00 are disputed."""
    await owing(desk)
    await desk.note_closed()
    content = {"account_ref": A, "charge_id": "ROOF", "amount_pence": 60_00}
    given = Given(disputes.RAISE, f"account:{A}", "ada", "not done", content)
    await give(desk.doors, given, lambda work: disputes.raise_dispute(work, content))


async def test_a_disputed_debt_of_an_account_in_credit_is_given_up_as_asked_or_not_at_all(desk: Desk) -> None:
    await disputed(desk)
    people = await office(desk)
    early = await people.propose(OFFICER, giving_up(A, {"ROOF": 60_00}))
    await desk.hear(a_payment("P2", 302_00, on="2026-06-01", account_ref=A))
    account = await desk.account("U1", "A")
    assert (account["balance_pence"], account["credit_pence"], account["disputed_pence"]) == (40_00, 20_00, 60_00)
    with pytest.raises(NotNowError, match="of ROOF can be written off"):
        await write_off(desk, A, {"ROOF": 60_00})
    with pytest.raises(NotNowError, match="of ROOF can be written off"):
        await people.approve(BOARD, early["id"], "agreed")
    assert (await write_off(desk, A, {"ROOF": 40_00}))["pence"] == 40_00
    assert [row["standing_pence"] for row in await desk.ask(write_offs.worklist)] == [40_00]
    assert await desk.wrong() == []
