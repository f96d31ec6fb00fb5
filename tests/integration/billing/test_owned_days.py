"""The daily calculation on documents: which days of a charge are the owner's, where a home changes hands."""

from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from shared.events.billing import StatementIssued
from shared.events.topics import FINAL_ACCOUNT, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares
from tests.integration.billing.reviewing import pass_all, release, review_from_now
from tests.unit.notify.cases import a_case, texts

SELLER, BUYER = account_ref("U1", "A"), account_ref("U1", "B")
QUARTER = {"from": "2026-01-01", "to": "2026-03-31"}
SOLD = a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-17"))
SELLERS, BUYERS = ("2026-01-01", "2026-02-16"), ("2026-02-17", "2026-03-31")


def a_fee(on: str = "2026-01-02") -> Any:
    tax = {"code": "S", "net_pence": 35_00, "tax_pence": 7_00}
    return a_charge("FEE", 42_00, unit="U1", on=on, kind="management-fee", period=QUARTER, tax=tax)


def told(document: StatementIssued) -> list[tuple[Any, ...]]:
    """What each line says of its pence and days."""
    return [
        (line.kind.value, line.amount_pence, str(line.owned_from), str(line.owned_to), str(line.period_to))
        for line in document.lines
    ]


async def said(desk: Desk, ref: str, quarter: str = "2026Q1") -> Any:
    [one] = [one for one in await desk.said(STATEMENT_ISSUED) if (one.account_ref, one.quarter) == (ref, quarter)]
    return one


async def test_a_final_account_says_the_sellers_days_to_the_written_letter(desk: Desk) -> None:
    """The worked example of a sale: 47 of 90 days of 35.00 and 7.00 tax; invoiced after the quarter's statement."""
    await desk.hear(a_unit(), SOLD)
    await desk.close("2026-01-01", "2026-04-01")
    await desk.hear(a_fee("2026-04-10"))
    await desk.close("2026-04-28")
    [final] = await desk.said(FINAL_ACCOUNT)
    assert told(final) == [("charge", 18_28 + 3_66, *SELLERS, "2026-03-31")]
    for page in texts(a_case(final)):
        words = " ".join(page.split())
        assert "£21.94" in words
        assert "Your days: 1 Jan 2026 to 16 Feb 2026, 47 of 90" in words
        assert "From 17 February 2026 on they are not yours." in words


async def test_statements_say_the_days_of_both_and_of_a_credit(desk: Desk) -> None:
    await desk.hear(a_unit(), SOLD)
    await desk.close("2026-01-01")
    await desk.hear(a_fee(), a_credit("K1", "FEE", 9_00, on="2026-02-20"))
    await desk.close("2026-04-01")
    seller, buyer = told(await said(desk, SELLER)), told(await said(desk, BUYER))
    assert seller == [("charge", 21_94, *SELLERS, "2026-03-31"), ("credit", -4_70, *SELLERS, "2026-03-31")]
    assert buyer == [("charge", 20_06, *BUYERS, "2026-03-31"), ("credit", -4_30, *BUYERS, "2026-03-31")]


async def test_a_share_of_a_pool_over_days_says_them_and_its_neighbour_who_stays_says_none(desk: Desk) -> None:
    await desk.hear(a_unit(), a_unit("U2"), shares(("U1", 1, 2), ("U2", 1, 2)), SOLD)
    await desk.hear(a_line("U2", ("C", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("LIFT", 90_00, pool="S1", on="2026-01-02", period=QUARTER))
    await desk.hear(a_charge("ROOF", 10_00, unit="U1", on="2026-01-05"))
    await desk.close("2026-04-01")
    none = ("None", "None", "None")
    assert told(await said(desk, SELLER)) == [("charge", 23_50, *SELLERS, "2026-03-31"), ("charge", 10_00, *none)]
    assert told(await said(desk, account_ref("U2", "C"))) == [("charge", 45_00, *none)]


async def test_a_sale_learnt_later_says_the_days_beside_its_correction(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_fee())
    await desk.close("2026-04-01")
    await desk.hear(SOLD.model_copy(update={"version": 2}))
    await desk.close("2026-07-01")
    assert told(await said(desk, SELLER)) == [("charge", 42_00, "None", "None", "None")]
    assert told(await said(desk, SELLER, "2026Q2")) == [("charge", -20_06, *SELLERS, "2026-03-31")]


@pytest.mark.parametrize(("learnt_before", "days"), [(True, SELLERS), (False, ("None", "None"))])
async def test_a_reviewed_statement_says_the_days_as_known_when_it_was_struck(
    desk: Desk, learnt_before: bool, days: tuple[str, str]
) -> None:
    """A pool's line tells by its pence alone neither way: the owners are those of the run's day."""
    await desk.hear(a_unit(), a_unit("U2"), shares(("U1", 1, 2), ("U2", 1, 2)), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_line("U2", ("C", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("LIFT", 90_00, pool="S1", on="2026-01-02", period=QUARTER))
    sold = SOLD.model_copy(update={"version": 2})
    if learnt_before:
        await desk.hear(sold)
    await review_from_now(desk)
    await desk.close("2026-04-01")
    if not learnt_before:
        await desk.hear(sold)
    await pass_all(desk, "2026Q1-1")
    await release(desk, "2026Q1-1")
    await desk.close("2026-04-02")
    [line] = told(await said(desk, SELLER))
    assert line[2:4] == days
