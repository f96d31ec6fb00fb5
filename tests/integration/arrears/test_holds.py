"""Holds through a real PostgreSQL: set, lifted with grace, said, and what the day makes of them."""

from datetime import date, timedelta

import pytest

from services.arrears.usecases import holds, questions
from services.arrears.usecases.holds import NewHold
from services.arrears.usecases.verify import verify
from shared.bus.work import Cause
from shared.db.engine import snapshot
from shared.events import topics
from shared.events.arrears import HoldKind
from shared.events.billing import AccountPaymentReversed
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened
from tests.support.letters import a_withdrawn_mandate

REMINDER_1 = ISSUED + timedelta(days=35)


async def owe(desk: Desk) -> None:
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(9550), item(4000, "C2")))


async def hold(desk: Desk, kind: HoldKind, charge_id: str | None = None, ref: str = "F000000000A1") -> str | None:
    new = NewHold("H1", ref, kind, charge_id, "the owner wrote", None, None, "officer-7")
    async with desk.doors.command(Cause("staff/officer-7", "H1")) as work:
        work.book = desk.book
        kept = await holds.set_hold(work, new)
    return kept.hold_id if kept else None


async def lift(desk: Desk, hold_id: str = "H1") -> date | None:
    async with desk.doors.command(Cause("staff/officer-7", f"{hold_id}:lift")) as work:
        work.book = desk.book
        kept = await holds.lift_hold(work, hold_id, "settled", "officer-7")
    return kept.ended_on if kept else None


async def test_a_hold_stops_the_letter_and_a_week_after_lifting_it_goes(desk: Desk) -> None:
    await owe(desk)
    await hold(desk, HoldKind.SALE_PENDING)
    await desk.work_to(date(2026, 9, 3))
    assert await desk.stages() == []
    async with desk.doors.sessions() as session:
        (account,) = await questions.overdue_accounts(session)
    assert account["reason"] == "hold sale-pending: reminder-1 is stopped"
    assert [one["kind"] for one in account["holds"]] == ["sale-pending"]
    assert await lift(desk) == date(2026, 9, 4)
    await desk.work_to(date(2026, 9, 30))
    assert [(one.stage, one.stage_on) for one in await desk.stages()] == [
        (1, date(2026, 9, 11)), (2, date(2026, 9, 25)),
    ]  # fmt: skip


async def test_a_direct_debit_returned_because_the_payer_died_stops_letters_until_an_officer_lifts_it(
    desk: Desk,
) -> None:
    await owe(desk)
    returned = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=9550, reversed_on=date(2026, 4, 17),
        reason="ARUDD 2",
    )  # fmt: skip
    await desk.hear(topics.ACCOUNT_REVERSED, returned)
    (said,) = await desk.said(topics.HOLD_CHANGED)
    assert (said.kind, said.by, str(said.started_on)) == (HoldKind.DECEASED, "bank", "2026-04-17")
    assert "P1: ARUDD 2" in said.reason
    assert (said.stops_from_stage, said.policy_version) == (1, "ladder-2026-1")
    await desk.work_to(REMINDER_1)
    assert await desk.stages() == []
    assert await lift(desk, said.hold_id) == desk.book
    await desk.work_to(REMINDER_1 + timedelta(days=10))
    assert [one.stage for one in await desk.stages()] == [1]


async def test_case_21_a_mandate_that_ended_because_the_payer_died_stops_letters_with_no_money_taken_back(
    desk: Desk,
) -> None:
    await owe(desk)
    await desk.hear(topics.MANDATE_WITHDRAWN, a_withdrawn_mandate(code="addacs-2"))
    (said,) = await desk.said(topics.HOLD_CHANGED)
    assert (said.kind, said.by, str(said.started_on)) == (HoldKind.DECEASED, "bank", "2026-04-17")
    assert said.reason == "The bank says of mandate MD1: payer deceased (addacs-2)"
    await desk.work_to(REMINDER_1)
    assert await desk.stages() == []
    assert await lift(desk, said.hold_id) == desk.book
    await desk.work_to(REMINDER_1 + timedelta(days=10))
    assert [one.stage for one in await desk.stages()] == [1]


async def test_a_mandate_that_ended_for_any_other_reason_stops_nothing(desk: Desk) -> None:
    await owe(desk)
    await desk.hear(topics.MANDATE_WITHDRAWN, a_withdrawn_mandate())
    assert await desk.said(topics.HOLD_CHANGED) == []


@pytest.mark.parametrize("first", ["word", "lift"])
async def test_a_banks_word_of_a_death_stands_whether_an_earlier_hold_is_lifted_before_or_after_it(
    desk: Desk, first: str
) -> None:
    """In one book the order changes nothing: each word sets a hold of its own, and an officer lifts each."""
    await owe(desk)
    await hold(desk, HoldKind.DECEASED)
    words = [a_withdrawn_mandate(code="addacs-2"), a_withdrawn_mandate(code="addacs-2", mandate_id="MD2")]
    if first == "lift":
        await lift(desk)
    await desk.hear(topics.MANDATE_WITHDRAWN, *words)
    if first == "word":
        await lift(desk)
    said = await desk.said(topics.HOLD_CHANGED)
    assert sorted((one.by or "", one.ended_on is None) for one in said if one.hold_id != "H1") == [("bank", True)] * 2
    await desk.work_to(REMINDER_1 + timedelta(days=10))
    assert await desk.stages() == []


async def test_money_that_moves_to_the_buyer_with_the_banks_word_of_a_death_stops_no_letter_to_the_buyer(
    desk: Desk,
) -> None:
    await owe(desk)
    moved = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=9550, reversed_on=date(2026, 4, 17),
        reason="ARUDD 2", moved=True,
    )  # fmt: skip
    await desk.hear(topics.ACCOUNT_REVERSED, moved)
    assert await desk.said(topics.HOLD_CHANGED) == []


async def test_a_direct_debit_returned_for_any_other_reason_stops_nothing(desk: Desk) -> None:
    await owe(desk)
    returned = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=9550, reversed_on=date(2026, 4, 17),
        reason="arudd-0",
    )  # fmt: skip
    await desk.hear(topics.ACCOUNT_REVERSED, returned)
    assert await desk.said(topics.HOLD_CHANGED) == []


async def test_a_disputed_charge_leaves_the_figures(desk: Desk) -> None:
    await owe(desk)
    await hold(desk, HoldKind.DISPUTE, "C2")
    await desk.work_to(REMINDER_1)
    (letter,) = await desk.stages()
    assert (letter.overdue_pence, [one.charge_id for one in letter.items]) == (9550, ["C1"])


async def test_a_hold_and_its_end_are_said_with_who_and_why(desk: Desk) -> None:
    await owe(desk)
    await hold(desk, HoldKind.VULNERABLE)
    await lift(desk)
    await lift(desk)
    begun, ended = await desk.said(topics.HOLD_CHANGED)
    assert (begun.started_on, begun.ended_on, begun.reason) == (ISSUED, None, "the owner wrote")
    assert (ended.ended_on, ended.reason) == (ISSUED, "settled")
    assert (begun.stops_from_stage, begun.grace_until, begun.policy_version) == (2, None, "ladder-2026-1")
    assert (ended.stops_from_stage, ended.grace_until) == (2, ISSUED + timedelta(days=7))
    assert ended.policy_version == "ladder-2026-1"
    kept = await desk.rows("select set_by, ended_by, ended_reason, ended_book from arrears.holds")
    assert tuple(kept[0]) == ("officer-7", "officer-7", "settled", ISSUED)


@pytest.mark.parametrize("ref", ["F00000000000", "x"])
async def test_a_hold_needs_a_known_account(desk: Desk, ref: str) -> None:
    assert await hold(desk, HoldKind.DISPUTE, ref=ref) is None
    assert await lift(desk, "H9") is None
    assert await desk.said(topics.HOLD_CHANGED) == []


async def test_debt_after_an_insolvency_begins_a_cycle_of_its_own_with_reminder_1(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_1 + timedelta(days=14))
    await hold(desk, HoldKind.INSOLVENCY)
    fresh = item(300_00, "C9", date(2026, 7, 1))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(9550), item(4000, "C2"), fresh))
    await desk.work_to(date(2026, 8, 19))
    letters = [(one.cycle, one.stage, one.overdue_pence, str(one.stage_on)) for one in await desk.stages()]
    assert letters == [
        (1, 1, 135_50, "2026-05-06"), (1, 2, 135_50, "2026-05-20"),
        (2, 1, 300_00, "2026-08-05"), (2, 2, 300_00, "2026-08-19"),
    ]  # fmt: skip
    async with snapshot(desk.sessions) as connection:
        assert {check["ok"] for check in (await verify(connection))["checks"]} == {True}
