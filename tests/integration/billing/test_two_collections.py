"""Two collections on their way at once: each takes what was announced while the owner owes it by that day."""

import pytest

from services.billing.usecases import disputes
from services.billing.usecases.direct_debits import ANNOUNCE
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_payment
from tests.integration.billing.test_direct_debits import A, close_of, released, say

FIRST, SECOND = "DD-2026-04-20-1", "DD-2026-04-29-1"


async def told_twice(desk: Desk) -> None:
    """40.00 overdue, announced for 20 April; 100.00 due on the 29th, announced for that day."""
    await close_of(desk, "A")
    await desk.hear(a_charge("OLD", 40_00, unit="U1", on="2026-04-01", kind="opening-balance", due_on="2026-04-03"))
    first = await say(desk, ANNOUNCE, collect_on="2026-04-20")
    second = await say(desk, ANNOUNCE, collect_on="2026-04-29")
    assert (first["amount_pence"], second["amount_pence"]) == (40_00, 100_00)


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
async def test_both_are_taken_whichever_is_released_first(desk: Desk, order: tuple[str, str]) -> None:
    await told_twice(desk)
    assert [(await released(desk, one))["skipped"] for one in order] == [0, 0]
    assert await desk.wrong() == []


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
async def test_no_more_is_taken_than_is_owed_in_all(desk: Desk, order: tuple[str, str]) -> None:
    await told_twice(desk)
    await desk.hear(a_payment("P1", 1, on="2026-04-03", account_ref=A))
    taken = [(await released(desk, one))["amount_pence"] for one in order]
    assert sum(taken) <= 139_99
    assert len([pence for pence in taken if pence]) == 1


async def test_an_earlier_day_may_take_what_a_later_one_leaves(desk: Desk) -> None:
    await close_of(desk, "A")
    await desk.hear(a_charge("OLD", 40_00, unit="U1", on="2026-04-01", kind="opening-balance", due_on="2026-04-03"))
    disputed = await say(desk, disputes.RAISE, account_ref=A, charge_id="OLD")
    assert (await say(desk, ANNOUNCE, collect_on="2026-04-29"))["amount_pence"] == 100_00
    await say(desk, disputes.END, dispute_id=disputed["dispute_id"], outcome="rejected")
    assert (await say(desk, ANNOUNCE, collect_on="2026-04-20"))["amount_pence"] == 40_00
