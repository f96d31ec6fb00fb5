"""A share that a scheme decision excuses was never owed: the cost goes through a share set without that flat."""

from datetime import date

from services.billing.usecases import write_offs
from shared.events.housing import ChargeRaised
from shared.events.owners import SharesChanged
from shared.events.topics import SHARE_CARRIED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, shares
from tests.integration.billing.test_carriers import a_close, a_roof
from tests.integration.billing.test_redistribution import CARRIED, MISSING, UNITS, missing, others

BAD_DEBT = "select count(*) as lines from billing.entries where ledger = 'bad-debt'"


def without_u3() -> SharesChanged:
    """A share set of the other seven flats, in their old proportions."""
    return shares(*((unit, 1, 7) for unit in UNITS if unit != "U3"), set_id="S1-LESS-U3")


def the_roof_without_u3(raised_on: str) -> ChargeRaised:
    """The same cost, owed for the day of the first charge."""
    return a_charge("ROOF-A", 1_600_00, pool="S1-LESS-U3", on=raised_on, instructed_on=date(2026, 1, 10))


async def test_rule_5_an_excused_share_is_paid_by_the_others_and_is_nobodys_debt(desk: Desk) -> None:
    """Example 3.12 with an owner whom a decision excuses: 28.58 once and 28.57 six times more, and no memo debt."""
    await a_roof(desk)
    await desk.close("2026-04-01", "2026-06-01")
    assert await others(desk) == [200_00] * 7
    await desk.hear(without_u3(), a_credit("K1", "ROOF", on="2026-06-02"), the_roof_without_u3("2026-06-02"))
    await desk.close("2026-06-02", "2026-07-01")
    await assert_u3_is_excused(desk)


async def test_rule_5_a_share_excused_before_it_is_billed_is_never_charged(desk: Desk) -> None:
    await a_close(desk)
    await desk.hear(without_u3(), the_roof_without_u3("2026-01-10"))
    await desk.close("2026-04-01")
    await assert_u3_is_excused(desk)


async def assert_u3_is_excused(desk: Desk) -> None:
    """The others pay all, the owner of U3 nothing; nothing was given up, and nobody is told that a share is missing."""
    assert await others(desk) == CARRIED
    assert (await missing(desk), (await desk.account("U3", "O3"))["overdue_pence"]) == (0, 0)
    assert MISSING not in await desk.balances()
    assert [row["lines"] for row in await desk.rows(BAD_DEBT)] == [0]
    assert await desk.ask(write_offs.worklist) == []
    assert await desk.said(SHARE_CARRIED) == []
    assert await desk.wrong() == []
