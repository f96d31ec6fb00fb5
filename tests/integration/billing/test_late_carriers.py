"""A correction of who carries a share is on the statements of the day it is learnt on, not behind them."""

from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import shares
from tests.integration.billing.reviewing import pass_all, release, restrike, review_from_now
from tests.integration.billing.test_carriers import UNEVEN, a_roof, given_up


async def test_the_statement_of_the_day_lists_what_moved(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.close("2026-06-03", "2026-06-30")
    await desk.hear(shares(*UNEVEN, since="2025-12-01"))
    await desk.close("2026-07-01")
    account = await desk.account("U2", "O2")
    assert account["statements"][-1]["balance_pence"] == account["balance_pence"] == 300_00 + 42_86
    assert [line for line in account["lines"] if "statement_no" not in line] == []
    assert await desk.wrong() == []


async def test_a_run_that_is_struck_anew_has_what_moved(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.close("2026-06-03", "2026-06-30")
    await review_from_now(desk)
    await desk.close("2026-07-01", "2026-10-01")
    await desk.hear(shares(*UNEVEN, since="2025-12-01"))
    await restrike(desk, "2026Q3-1")
    await desk.close("2026-10-02")
    await pass_all(desk, "2026Q3-2")
    await release(desk, "2026Q3-2")
    await desk.close("2026-10-03")
    assert await desk.wrong() == []
    assert (await desk.account("U2", "O2"))["statements"][-1]["quarter"] == "2026Q3"
