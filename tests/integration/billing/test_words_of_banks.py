"""The bank tells outside a return that a mandate is no more: an officer gives its code (domain.md 9, cases 21, 22)."""

import asyncpg
import pytest

from services.billing.db import ended_by_bank
from services.billing.usecases import mandates
from services.billing.usecases.direct_debits import ANNOUNCE
from services.billing.usecases.mandates import CANCEL, SET
from shared.bus.commands import Given, give
from shared.bus.refusals import NotNowError, NotValidError
from shared.db import driver
from shared.events.base import EventData
from shared.events.topics import COLLECTION_ENDED, MANDATE_ENDED, MANDATE_WITHDRAWN
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.test_direct_debits import close_of, refused, say
from tests.integration.billing.test_ended_by_bank import A, back, collected
from tests.integration.billing.test_repeated_words import Kept, repeat

DAY, NEXT = "2026-01-07", "2026-01-08"


async def told(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Return the account, the mandate, the code and the day of each event."""
    said = await desk.said(MANDATE_WITHDRAWN)
    return [(one.account_ref, one.mandate_id, one.code, str(one.ended_on)) for one in said]


async def test_case_22_the_owner_is_asked_in_the_days_work_for_another_way_to_pay(desk: Desk) -> None:
    await collected(desk)
    answer = await say(desk, CANCEL, mandate_id="MD1", bank_code="ADDACS B")
    assert answer == {
        "mandate_id": "MD1", "ended_on": DAY, "bank_code": "addacs-b", "meaning": "account closed",
        "next_step": "ask-for-another-method",
    }  # fmt: skip
    assert await told(desk) == []  # not before the day's work: a new mandate may come
    await desk.close(DAY, NEXT)
    assert await told(desk) == [(A, "MD1", "addacs-b", DAY)]
    [row] = await desk.ask(mandates.worklist)
    assert (row["state"], row["bank_code"], str(row["ended_on"])) == ("ended-by-the-bank", "addacs-b", DAY)
    assert await desk.said(MANDATE_ENDED) == []
    assert await desk.wrong() == []


async def test_case_21_a_death_is_said_at_once_and_asks_for_nothing(desk: Desk) -> None:
    await collected(desk)
    assert (await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-2"))["next_step"] == "stop-and-condole"
    assert await told(desk) == [(A, "MD1", "addacs-2", DAY)]
    await desk.hear(back("arudd-1"))
    await desk.close(DAY, NEXT)
    assert await told(desk) == [(A, "MD1", "addacs-2", DAY)]
    assert await desk.said(MANDATE_ENDED) == []


async def test_a_mandate_that_a_person_cancels_without_a_code_says_nothing(desk: Desk) -> None:
    await collected(desk)
    assert await say(desk, CANCEL, mandate_id="MD1") == {"mandate_id": "MD1", "ended_on": DAY}
    await desk.close(DAY)
    assert await told(desk) == []
    assert [row["state"] for row in await desk.ask(mandates.worklist)] == ["cancelled"]


@pytest.mark.parametrize("code", ["addacs-3", "ADDACS C", "addacs-e", "addacs-r", "addacs-d", "arudd-0", "addacs-9"])
async def test_a_code_that_ends_no_mandate_changes_nothing(desk: Desk, code: str) -> None:
    await collected(desk)
    assert await refused(say(desk, CANCEL, mandate_id="MD1", bank_code=code)) is NotValidError
    await desk.close(DAY)
    assert await told(desk) == []
    assert [row["state"] for row in await desk.ask(mandates.worklist)] == ["stands"]


async def test_a_word_given_twice_takes_effect_once_and_another_after_it_is_too_late(desk: Desk) -> None:
    await collected(desk)
    await desk.note_closed()
    content = {"mandate_id": "MD1", "bank_code": "addacs-2"}
    given = Given(CANCEL, "MD1", "ada", "the bank's list", content, key="K1")
    first = await give(desk.doors, given, lambda work: mandates.cancel_mandate(work, content))
    assert await give(desk.doors, given, lambda work: mandates.cancel_mandate(work, content)) == first
    with pytest.raises(NotNowError, match="set the hold `deceased` by hand"):
        await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-2")
    with pytest.raises(NotNowError, match=r"is cancelled already\.$"):
        await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    assert await told(desk) == [(A, "MD1", "addacs-2", DAY)]


async def test_a_mandate_set_by_the_end_of_the_day_makes_asking_pointless(desk: Desk) -> None:
    await collected(desk)
    await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    await say(desk, SET, account_ref=A, mandate_id="MD2")
    await desk.close(DAY, NEXT)
    assert await told(desk) == []


async def test_the_return_and_the_word_of_one_end_ask_once_in_either_order(desks: Desks) -> None:
    first, second = await desks(), await desks()
    await collected(first)
    await first.hear(back("arudd-1"))
    await say(first, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    await collected(second)
    await say(second, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    await second.hear(back("arudd-1"))
    for desk in (first, second):
        await desk.close(DAY, NEXT)
        assert await told(desk) == []
        assert [one.mandate_id for one in await desk.said(MANDATE_ENDED)] == ["MD1"]


@pytest.mark.parametrize("words", ["arudd-0", "indemnity-claim"])
async def test_money_taken_back_for_another_reason_leaves_the_word_to_be_told(desk: Desk, words: str) -> None:
    await collected(desk)
    await desk.hear(back(words))
    await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    await desk.close(DAY)
    assert await told(desk) == [(A, "MD1", "addacs-1", DAY)]
    assert await desk.said(MANDATE_ENDED) == []


async def test_a_mandate_that_a_return_had_ended_still_takes_the_banks_word_of_a_death(desk: Desk) -> None:
    await collected(desk)
    await desk.hear(back("arudd-1"))
    await desk.close(DAY)
    assert [row["state"] for row in await desk.ask(mandates.worklist)] == ["ended-by-the-bank"]
    await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-2")
    await desk.close(NEXT)
    assert await told(desk) == [(A, "MD1", "addacs-2", NEXT)]


async def test_it_is_said_once_also_after_a_crash_of_the_days_work(desk: Desk) -> None:
    await collected(desk)
    await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-1")
    with pytest.raises(ConnectionError):
        await desk.slice(desk.book, "", fails=True)
    await desk.close(DAY, NEXT)
    assert await told(desk) == [(A, "MD1", "addacs-1", DAY)]


async def test_what_was_announced_is_called_off_as_by_any_other_end(desk: Desk) -> None:
    await close_of(desk, "A")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await say(desk, CANCEL, mandate_id="MD1", bank_code="addacs-2")
    assert [(one.amount_pence, one.why) for one in await desk.said(COLLECTION_ENDED)] == [(100_00, "mandate-ended")]


async def test_a_rebuild_says_what_was_said_with_codes_and_without(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    due = {"on": "2026-01-01", "kind": "opening-balance", "due_on": "2026-01-10"}
    for number, name in enumerate("ABC", start=1):
        events: list[EventData] = [a_unit(f"U{number}"), a_line(f"U{number}", (name, "2025-06-01"))]
        await live.hear_each(*events, a_charge(f"C{number}", 800, unit=f"U{number}", **due))
        ref = (await live.account(f"U{number}", name))["account_ref"]
        await say(live, SET, account_ref=ref, mandate_id=f"MD{number}")
    await say(live, CANCEL, mandate_id="MD1")
    await say(live, CANCEL, mandate_id="MD2", bank_code="addacs-2")
    await say(live, CANCEL, mandate_id="MD3", bank_code="addacs-1")
    assert [one[1:3] for one in await told(live)] == [("MD2", "addacs-2")]
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await told(fresh) == await told(live)


async def test_a_day_finds_its_words_of_banks_by_an_index(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        connection: asyncpg.Connection = await driver(session)
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare withdrawn(date) as {ended_by_bank._WITHDRAWN}")
        plan = [row[0].strip() for row in await connection.fetch("explain execute withdrawn('2026-01-01')")]
        await connection.execute("deallocate withdrawn")
    assert any("ix_mandate_ends_withdrawn" in line for line in plan), plan
    assert "Index Cond: (ended_on = $1)" in plan, plan
