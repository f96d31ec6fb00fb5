"""A property that is sold on while the first seller's notice stands, through a real PostgreSQL (R-NOPL-2)."""

from datetime import date

from shared.events import topics
from tests.integration.arrears.conftest import Desk
from tests.integration.arrears.test_notices import a_registered, listed, owe, said, sold


async def test_a_second_sale_while_the_first_sellers_notice_stands_says_whether_that_buyer_is_bound(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, "2026-08-17")
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 1))
    await desk.work_to(date(2026, 9, 1))
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 2, date(2026, 12, 1)))
    await desk.work_day()
    (row,) = await listed(desk)
    names = ("entry_on", "entry_was_on", "buyer_liable", "resale_on", "resale_liable")
    assert tuple(row[name] for name in names) == (date(2026, 8, 30), None, False, date(2026, 12, 1), True)
    last = (await said(desk))[-1]
    assert (last.change, last.entry_on, last.buyer_liable) == ("sale", date(2026, 8, 30), False)
    assert (last.resale_on, last.resale_liable) == (date(2026, 12, 1), True)
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 3, date(2026, 12, 1), date(2027, 3, 1)))
    await desk.work_day()
    assert [one.resale_on for one in await said(desk) if one.change == "sale"] == [
        None, date(2026, 12, 1), date(2027, 3, 1),
    ]  # fmt: skip
