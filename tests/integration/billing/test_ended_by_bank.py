"""The bank ends a mandate: its owner is to be asked for another way to pay, once (domain.md 9, case 22)."""

from typing import Any

import pytest

from services.billing.db import ended_by_bank
from services.billing.domain.refs import account_ref
from services.billing.usecases.mandates import CANCEL, SET
from services.billing.usecases.matches import MATCH, UNMATCH
from shared.db import driver
from shared.events.base import EventData
from shared.events.housing import PaymentReversed
from shared.events.topics import MANDATE_ENDED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_line, a_payment, a_reversal, a_unit
from tests.integration.billing.test_direct_debits import say

A, B = account_ref("U1", "A"), account_ref("U2", "B")
BACK_ON, DAY = "2026-01-07", "2026-01-08"


def back(words: str, number: int = 1, pence: int = 95_50) -> PaymentReversed:
    return a_reversal(f"R{number}", f"P{number}", pence, on=BACK_ON).model_copy(update={"reason": words})


async def collected(desk: Desk, **facts: Any) -> None:
    """Two owners; the first has a mandate since New Year, and a direct debit of the 5th."""
    await desk.hear(a_unit(), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await say(desk, SET, account_ref=A, mandate_id="MD1")
    await desk.close("2026-01-01", "2026-01-06")
    named = facts or {"account_ref": A}
    await desk.hear(a_payment("P1", 95_50, on="2026-01-05", method="direct-debit", **named))


async def told(desk: Desk) -> list[tuple[str, str | None, str]]:
    """Return the account, the mandate that ended and the day of each event."""
    return [(one.account_ref, one.mandate_id, str(one.noted_on)) for one in await desk.said(MANDATE_ENDED)]


@pytest.mark.parametrize(("words", "code"), [("ARUDD 1", "arudd-1"), ("arudd-b", "arudd-b")])
async def test_case_22_the_owner_is_to_be_asked_for_another_way_to_pay(desk: Desk, words: str, code: str) -> None:
    await collected(desk)
    await desk.hear(back(words))
    assert await desk.said(MANDATE_ENDED) == []  # not before the day's work: a new mandate may come
    await desk.close("2026-01-07", DAY)
    [one] = await desk.said(MANDATE_ENDED)
    assert one.model_dump(mode="json") == {
        "account_id": one.account_id, "account_ref": A, "mandate_id": "MD1", "payment_id": "P1", "reversal_id": "R1",
        "amount_pence": 95_50, "collected_on": "2026-01-05", "returned_on": BACK_ON, "code": code,
        "noted_on": "2026-01-07",
    }  # fmt: skip
    assert await desk.wrong() == []


async def test_other_words_other_money_and_the_associations_own_account_ask_for_nothing(desk: Desk) -> None:
    await collected(desk)
    units, lines, payments, returns = list[EventData](), list[EventData](), list[EventData](), list[EventData]()
    for number, (words, method, internal) in enumerate(
        [
            ("ARUDD 0", "direct-debit", False), ("arudd-2", "direct-debit", False), ("arudd-4", "direct-debit", False),
            ("indemnity-claim", "direct-debit", False), ("addacs-3", "direct-debit", False),
            ("refund", "direct-debit", False), ("cheque-returned", "cheque", False), ("arudd-1", "cheque", False),
            ("arudd-1", "direct-debit", True),
        ], start=3,
    ):  # fmt: skip
        unit = f"U{number}"
        units.append(a_unit(unit))
        lines.append(a_line(unit, ("", "2025-06-01", True) if internal else ("O", "2025-06-01")))
        payments.append(a_payment(f"P{number}", 500, on="2026-01-05", method=method, unit_id=unit))
        returns.append(back(words, number, 500))
    for batch in (units, lines, payments, returns):
        assert set(await desk.hear(*batch)) == {"D"}
    await desk.close("2026-01-07")
    assert await told(desk) == []


async def test_a_mandate_set_by_the_end_of_the_day_makes_asking_pointless_in_either_order(desks: Desks) -> None:
    first, second = await desks(), await desks()
    await collected(first)
    await say(first, CANCEL, mandate_id="MD1")
    await say(first, SET, account_ref=A, mandate_id="MD2")
    await first.hear(back("arudd-1"))
    await collected(second)
    await second.hear(back("arudd-1"))
    await say(second, SET, account_ref=A, mandate_id="MD2")
    for desk in (first, second):
        await desk.close("2026-01-07", DAY)
        assert await told(desk) == []


async def test_an_officers_word_and_the_banks_in_either_order_lead_to_the_same_event(desks: Desks) -> None:
    first, second = await desks(), await desks()
    await collected(first)
    await say(first, CANCEL, mandate_id="MD1")
    await first.hear(back("arudd-1"))
    await collected(second)
    await second.hear(back("arudd-1"))
    await say(second, CANCEL, mandate_id="MD1")
    for desk in (first, second):
        await desk.close("2026-01-07")
    assert await told(first) == [(A, "MD1", "2026-01-07")]
    assert await first.said(MANDATE_ENDED) == await second.said(MANDATE_ENDED)


async def test_it_is_said_once_whatever_crashes_and_wherever_the_money_goes(desk: Desk) -> None:
    await collected(desk)
    await desk.hear(back("arudd-1"))
    with pytest.raises(ConnectionError):
        await desk.slice(desk.book, "", fails=True)
    await desk.close("2026-01-07")
    await desk.command(MATCH, "P1", (B, None))
    await desk.close(DAY)
    assert (once := await told(desk)) == [(A, "MD1", "2026-01-07"), (B, None, DAY)]
    await desk.command(MATCH, "P1", (A, None))
    await desk.close("2026-01-09")
    await desk.command(UNMATCH, "P1")
    await desk.close("2026-01-10")
    await desk.command(MATCH, "P1", (B, None))
    await desk.close("2026-01-11")
    assert await told(desk) == once


async def test_what_comes_and_goes_within_a_book_counts_as_it_stands_at_its_end(desk: Desk) -> None:
    await collected(desk, account_ref=B)
    await desk.hear(back("arudd-1"))
    await desk.command(MATCH, "P1", (A, None))
    await desk.close("2026-01-07")
    assert await told(desk) == [(A, "MD1", "2026-01-07")]
    await desk.command(MATCH, "P1", (B, None))
    await desk.close(DAY)
    assert await told(desk) == [(A, "MD1", "2026-01-07"), (B, None, DAY)]


async def test_a_return_out_of_suspense_is_told_when_it_is_known_whose_it_is(desk: Desk) -> None:
    await collected(desk, reference="WHO KNOWS")
    await desk.hear(back("arudd-5"))
    await desk.close("2026-01-07")
    assert await told(desk) == []
    await desk.command(MATCH, "P1", (A, None))
    await desk.close(DAY)
    assert await told(desk) == [(A, "MD1", DAY)]


async def test_a_sale_learnt_later_asks_not_the_buyer_to_whom_the_money_moves_with_the_unit(desk: Desk) -> None:
    await collected(desk, unit_id="U1")
    await desk.hear(back("arudd-1"))
    await desk.close("2026-01-07")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("C", "2026-01-03"), version=2))
    assert [line["kind"] for line in (await desk.account("U1", "C"))["lines"]] == ["payment", "reversal"]
    await desk.close(DAY)
    assert await told(desk) == [(A, "MD1", "2026-01-07")]


async def test_an_officers_word_asks_another_owner_of_the_same_unit(desk: Desk) -> None:
    await collected(desk, unit_id="U1")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("C", "2026-02-01"), version=2), back("arudd-1"))
    await desk.close("2026-01-07")
    await desk.command(MATCH, "P1", (account_ref("U1", "C"), None))
    await desk.close(DAY)
    assert await told(desk) == [(A, "MD1", "2026-01-07"), (account_ref("U1", "C"), None, DAY)]


async def test_a_day_finds_its_returns_by_an_index(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare returned(date) as {ended_by_bank._RETURNED}")
        plan = [row[0].strip() for row in await connection.fetch("explain execute returned('2026-01-01')")]
        await connection.execute("deallocate returned")
    assert any("ix_entries_returned" in line for line in plan), plan
    assert "Index Cond: (book = $1)" in plan, plan
    assert not [line for line in plan if "Seq Scan" in line], plan
