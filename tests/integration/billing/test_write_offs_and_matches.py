"""A person's word on whose money a payment is, where a debt was given up: the write-off follows the money both ways."""

from services.billing.usecases import write_offs
from services.billing.usecases.matches import MATCH, UNMATCH
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_payment
from tests.integration.billing.people import write_off
from tests.integration.billing.test_write_offs import A, debtor, ties, trial  # noqa: F401 - debtor is a fixture


async def test_money_matched_later_writes_back_and_unmatched_gives_up_again(debtor: Desk) -> None:  # noqa: F811
    await write_off(debtor, A, {"ROOF": 300_00})
    await debtor.hear(a_payment("P2", 342_00, on="2026-06-03", reference="J SMITH"))
    await debtor.close("2026-07-31")
    assert (await trial(debtor))["bad-debt"] == 300_00
    await debtor.command(MATCH, "P2", (A, None))
    assert (await trial(debtor))["bad-debt"] == 0
    assert (await debtor.account("U1", "A"))["balance_pence"] == 0
    await ties(debtor)
    await debtor.command(UNMATCH, "P2")
    [row] = await debtor.ask(write_offs.worklist)
    assert (row["standing_pence"], (await trial(debtor))["bad-debt"]) == (300_00, 300_00)
    assert (await debtor.account("U1", "A"))["balance_pence"] == 42_00
    await ties(debtor)
