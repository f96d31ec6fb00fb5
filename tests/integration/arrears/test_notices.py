"""Notices of potential liability through a real PostgreSQL: found by the day, approved, noted, said (domain.md 2.4)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.arrears.usecases import notice_questions, notices
from services.arrears.usecases.verify import verify
from shared.bus.commands import Given
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.db.engine import snapshot
from shared.events import topics
from shared.events.arrears import HoldKind, NoticeChanged
from shared.events.billing import AccountCharged, ShareReason
from shared.events.housing import ChargeKind
from shared.events.owners import OwnershipLineChanged, OwnershipPeriod
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened
from tests.integration.arrears.test_holds import hold, lift

REF = "F000000000A1"
N1, N2 = f"N-{REF}-1", f"N-{REF}-2"
REMINDER_2 = ISSUED + timedelta(days=49)
RIPE = ISSUED + timedelta(days=28 + 90)
"""28 July 2026, the first day on which the item of 29 April is 90 days past due."""
ASKED = {"account_ref": REF, "form": "2004", "title_number": "GLA12345", "headings": ["Repairs"], "reason": "large"}


def charged(charge: str = "C1", kind: ChargeKind = ChargeKind.REPAIR, account: str = "A1") -> AccountCharged:
    return AccountCharged(
        account_id=account, charge_id=charge, unit_id="U1", kind=kind, amount_pence=300_00, tax_pence=0,
        pool_pence=300_00, value_on=ISSUED, reason=ShareReason.RAISED,
    )  # fmt: skip


def sold(entry: date | None, version: int, *resold: date) -> OwnershipLineChanged:
    """The line of U1 with a sale (None: there is none), and the sales after it."""
    begins = [date(2015, 6, 1), *([entry] if entry else []), *resold]
    line = [
        OwnershipPeriod(ownership_id=f"O{number}", **{"from": begin}, to=end, party_ids=(f"P{number}",))  # type: ignore[arg-type]
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], None], strict=True), 1)
    ]
    return OwnershipLineChanged(unit_id="U1", version=version, line=tuple(line))


async def owe(desk: Desk, pence: int = 300_00) -> None:
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ACCOUNT_CHARGED, charged())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(pence)))


async def pay(desk: Desk, left: int = 0) -> None:
    await desk.hear(topics.ITEMS_CHANGED, items_changed(*([item(left)] if left else []), balance=left))


async def give(desk: Desk, kind: str, **content: Any) -> dict[str, Any]:
    """Let a command take effect as the bus does, in the book that is open."""
    effect = {notices.APPROVE: notices.approve, notices.NOTE: notices.note}[kind]
    given = Given(kind, REF, "officer-7", "said so", content)
    async with desk.doors.command(given.cause) as work:
        work.book = desk.book
        return await effect(work, content)


async def approve(desk: Desk, **more: Any) -> dict[str, Any]:
    return await give(desk, notices.APPROVE, **ASKED | more)


async def note(desk: Desk, step: str, notice_id: str = N1, **more: Any) -> dict[str, Any]:
    return await give(desk, notices.NOTE, notice_id=notice_id, step=step, reason="as told", by="officer-7", **more)


async def a_registered(desk: Desk, on: str | None = None) -> None:
    """Approve a notice that is registered since a day, or (none) today."""
    await approve(desk, registered_on=on or desk.book.isoformat(), reference="REG-1")


async def listed(desk: Desk) -> list[dict[str, Any]]:
    async with snapshot(desk.sessions) as connection:
        return await notice_questions.worklist(connection)


async def said(desk: Desk) -> list[NoticeChanged]:
    return await desk.said(topics.NOTICE_CHANGED)


async def told(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.notice_id, str(one.change), str(one.changed_on)) for one in await said(desk)]


async def test_case_3_13_a_debt_of_90_days_after_reminder_2_is_a_candidate_on_its_day_and_said_once(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(RIPE - timedelta(days=1))
    assert await said(desk) == []
    await desk.work_to(RIPE + timedelta(days=30))
    (one,) = await said(desk)
    assert (one.notice_id, one.state, one.change, one.changed_on) == (N1, "candidate", "raised", RIPE)
    assert (one.account_ref, one.eligible_pence, one.oldest_due_on, one.urgent) == (
        REF,
        300_00,
        date(2026, 4, 29),
        False,
    )
    assert one.reason == "£300.00 eligible overdue, from £250.00; the oldest 90 days past due, from 90"
    assert one.policy_version == "notices-2026-1"
    (row,) = await listed(desk)
    names = ("notice_id", "unit_id", "state", "eligible_pence", "task", "task_due_on")
    assert tuple(row[name] for name in names) == (N1, "U1", "candidate", 300_00, "propose or reject it", None)


async def test_a_charge_of_a_kind_that_no_notice_is_for_makes_no_candidate(desk: Desk) -> None:
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ACCOUNT_CHARGED, charged(kind=ChargeKind.LATE_FEE))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(300_00)))
    await desk.work_to(RIPE + timedelta(days=5))
    assert await said(desk) == []


async def test_case_3_13_a_sale_told_ahead_is_urgent_and_first_on_the_list(desk: Desk) -> None:
    """Entry on 30 October 2026: the last useful day is 16 October, five working days before is 9 October."""
    await owe(desk, 120_00)
    await desk.work_to(RIPE)
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 10, 30), 1))
    await desk.work_day()
    (one,) = await said(desk)
    assert (one.urgent, one.entry_on, one.changed_on) == (True, date(2026, 10, 30), RIPE + timedelta(days=1))
    assert "ask by 2026-10-09, register by 2026-10-16" in one.reason
    (row,) = await listed(desk)
    assert row["task_due_on"] == date(2026, 10, 16)
    await desk.work_to(date(2026, 10, 17))
    assert await told(desk) == [(N1, "raised", "2026-07-29"), (N1, "withdrawn", "2026-10-17")]
    assert await listed(desk) == []


async def test_a_blocking_hold_keeps_the_candidate_back_and_its_end_brings_it(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_2)
    assert await hold(desk, HoldKind.VULNERABLE)
    await desk.work_to(RIPE + timedelta(days=3))
    assert await said(desk) == []
    await lift(desk)
    await desk.work_day()
    assert await told(desk) == [(N1, "raised", str(RIPE + timedelta(days=4)))]


async def test_from_candidate_to_discharge_every_step_is_said_and_kept_with_who_and_why(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await approve(desk, notice_id=N1)
    await note(desk, "submitted")
    await desk.work_day()
    answer = await note(desk, "registered", on="2026-07-29", reference="GLA-77")
    assert (answer["state"], str(answer["last_on"])) == ("registered", "2029-07-28")
    await pay(desk)
    await desk.work_day()
    await note(desk, "discharged", on="2026-07-31")
    assert [change for _, change, _ in await told(desk)] == [
        "raised", "approved", "submitted", "registered", "consent-issued", "discharged",
    ]  # fmt: skip
    registered = (await said(desk))[3]
    assert (registered.form, registered.title_number, registered.headings) == ("2004", "GLA12345", ("Repairs",))
    assert (registered.reference, registered.registered_on) == ("GLA-77", date(2026, 7, 29))
    assert (registered.binds_from, registered.last_on) == (date(2026, 8, 12), date(2029, 7, 28))
    assert [one.number for one in await said(desk)] == [1, 2, 3, 4, 5, 6]
    assert await listed(desk) == []
    async with snapshot(desk.sessions) as connection:
        shown = await notice_questions.show(connection, N1)
    assert (shown["state"], len(shown["changes"])) == ("discharged", 6)
    kept = await desk.rows("select count(command_uid) as by_people from arrears.notice_changes")
    assert kept[0]["by_people"] == 4


async def test_case_40_a_notice_of_29_february_2024_is_taken_over_with_its_end_and_its_renewal_tasks(
    desk: Desk,
) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 28))
    await a_registered(desk, "2024-02-29")
    await desk.work_day()
    (row,) = await listed(desk)
    assert (row["last_on"], row["days_left"], row["task"]) == (
        date(2027, 2, 27), 181, "renew it from 2026-08-31 on",
    )  # fmt: skip
    await desk.work_day()
    found = {one["notice_id"]: (one["task"], one["task_due_on"]) for one in await listed(desk)}
    assert found[N1] == ("renew it (task of 2026-08-31)", date(2027, 2, 27))


async def test_case_41_a_renewal_one_day_late_is_a_new_notice_and_the_breach_stays_on_the_list(desk: Desk) -> None:
    await owe(desk, 60_00)
    await desk.work_to(date(2026, 8, 14))
    await a_registered(desk, "2023-08-16")
    await desk.work_to(date(2026, 8, 16))
    answer = await note(desk, "renewed", on="2026-08-16", reference="REG-2")
    assert (answer["notice_id"], answer["renews"], str(answer["last_on"])) == (N2, N1, "2029-08-15")
    await desk.work_day()
    assert [change for name, change, _ in await told(desk) if name == N1][-1] == "expired"
    breach, new = await listed(desk)
    assert (breach["notice_id"], breach["breach"], breach["task"]) == (
        N1, True, "BREACH: its last day was 2026-08-15, and nobody renewed it",
    )  # fmt: skip
    assert (new["notice_id"], new["state"], new["registered_on"]) == (N2, "registered", date(2026, 8, 16))
    with pytest.raises(NotNowError, match=f"{N2} was registered in the place of {N1}"):
        await note(desk, "renewed", on="2026-08-17", reference="REG-3")


@pytest.mark.parametrize(("day", "liable"), [("2026-08-16", True), ("2026-08-17", False)])
async def test_case_42_a_sale_is_judged_by_the_14_days_before_entry(desk: Desk, day: str, *, liable: bool) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, day)
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 1))
    await desk.work_day()
    (row,) = await listed(desk)
    assert (row["entry_on"], row["buyer_liable"]) == (date(2026, 8, 30), liable)
    last = (await said(desk))[-1]
    assert (last.change, last.buyer_liable, last.state) == ("sale", liable, "registered")


async def test_case_43_a_line_that_moves_the_entry_is_worked_out_anew_and_flagged(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, "2026-08-16")
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 1))
    await desk.work_day()
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 29), 2))
    await desk.work_day()
    (row,) = await listed(desk)
    assert (row["entry_on"], row["entry_was_on"], row["buyer_liable"]) == (
        date(2026, 8, 29), date(2026, 8, 30), False,
    )  # fmt: skip
    await desk.hear(topics.OWNERS_LINE, sold(None, 3))
    await desk.work_day()
    assert [one.buyer_liable for one in await said(desk) if one.change == "sale"] == [True, False, None]


async def test_case_44_consent_follows_full_payment_and_no_renewal_is_asked_for_any_more(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, "2023-08-30")
    await desk.work_day()
    assert [one["notice_id"] for one in await listed(desk) if one["task"].startswith("renew it")] == [N1]
    await pay(desk)
    await desk.work_to(date(2026, 8, 29))
    (row,) = await listed(desk)
    assert (row["state"], row["ended_on"]) == ("consent-issued", None)
    assert row["task"] == "note the discharge once the Registers confirm it"
    await desk.work_to(date(2026, 8, 31))
    assert [change for name, change, _ in await told(desk) if name == N1][-2:] == ["consent-issued", "expired"]
    assert await listed(desk) == []


@pytest.mark.parametrize(("kind", "consents"), [(ChargeKind.LATE_FEE, True), (ChargeKind.REPAIR, False)])
async def test_case_44_of_what_is_not_due_yet_only_what_a_notice_is_for_keeps_consent_back(
    desk: Desk, kind: ChargeKind, *, consents: bool
) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_2)
    await a_registered(desk)
    await desk.work_to(REMINDER_2 + timedelta(days=1))
    await desk.hear(topics.ACCOUNT_CHARGED, charged("C2", kind))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(40_00, "C2", issued=desk.book)))
    await desk.work_to(desk.book + timedelta(days=5))
    assert (await said(desk))[-1].state == ("consent-issued" if consents else "registered")


async def test_case_44_no_consent_goes_by_itself_for_what_was_written_off(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk)
    given_up = items_changed(balance=0).model_copy(update={"written_off_pence": 300_00})
    await desk.hear(topics.ITEMS_CHANGED, given_up)
    await desk.work_to(date(2026, 8, 25))
    (row,) = await listed(desk)
    assert (row["state"], row["eligible_pence"]) == ("registered", 0)
    await note(desk, "consent")
    assert (await said(desk))[-1].change == "consent-issued"


async def test_case_45_a_notice_part_paid_near_its_end_waits_for_a_decision(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, "2023-08-30")
    await pay(desk, 40_00)
    await desk.work_to(date(2026, 8, 28))
    (row,) = await listed(desk)
    assert row["task"] == ("decide: renew, consent, or leave to expire; £40.00 is below £250.00 (task of 2026-07-30)")
    await note(desk, "left-to-expire")
    await desk.work_to(date(2026, 8, 30))
    assert (await said(desk))[-1].change == "expired"
    assert not (await said(desk))[-1].breach


async def test_a_days_work_done_again_changes_nothing(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk)
    await desk.work_day()
    before = await desk.rows("select * from arrears.notices order by 1")
    changes = await desk.rows("select * from arrears.notice_changes order by 1, 2")
    desk.book -= timedelta(days=1)
    await desk.rows("update msg.gate set last_closed = $1", desk.book - timedelta(days=1))
    await desk.rows("update arrears.accounts set next_check_on = $1", desk.book)
    await desk.work_day()
    assert await desk.rows("select * from arrears.notices order by 1") == before
    assert await desk.rows("select * from arrears.notice_changes order by 1, 2") == changes


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
async def test_the_order_of_news_within_a_book_changes_nothing(desk: Desk, order: tuple[int, ...]) -> None:
    desk.book = RIPE
    news = [
        (topics.ACCOUNT_OPENED, opened()), (topics.ACCOUNT_CHARGED, charged()),
        (topics.ITEMS_CHANGED, items_changed(item(300_00))), (topics.OWNERS_LINE, sold(date(2026, 10, 30), 1)),
    ]  # fmt: skip
    for number in order:
        await desk.hear(*news[number])
    await desk.work_day()
    assert await told(desk) == [(N1, "raised", str(RIPE))]


async def test_a_notice_that_officers_want_needs_no_candidate_and_its_end_is_found_without_any_news(desk: Desk) -> None:
    """It is for costs to come: nothing is owed, so no consent goes by itself."""
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.work_to(RIPE)
    answer = await approve(desk, registered_on=str(desk.book - timedelta(days=1095)), reference="OLD")
    assert (answer["notice_id"], answer["state"]) == (N1, "registered")
    await desk.work_to(RIPE + timedelta(days=9))
    assert await told(desk) == [(N1, "registered", "2026-07-29"), (N1, "expired", "2026-07-30")]


async def test_what_cannot_be_approved_is_refused_with_the_reason(desk: Desk) -> None:
    with pytest.raises(NotKnownError, match="No account has the reference"):
        await approve(desk)
    await desk.hear(topics.ACCOUNT_OPENED, opened(), opened("A2", internal=True))
    with pytest.raises(NotValidError, match="owes nobody"):
        await approve(desk, account_ref="F000000000A2")
    with pytest.raises(NotNowError, match=f"{N2} is no candidate of {REF}"):
        await approve(desk, notice_id=N2)
    with pytest.raises(NotNowError, match="Name the reference"):
        await approve(desk, registered_on="2026-03-01")
    with pytest.raises(NotValidError, match="Name the day on which it was registered as R"):
        await approve(desk, reference="R")
    with pytest.raises(NotNowError, match="2026-04-02 has not come yet"):
        await approve(desk, registered_on="2026-04-02", reference="R")
    await approve(desk)
    with pytest.raises(NotNowError, match=f"{N1} is approved: {REF} has a notice under way"):
        await approve(desk)
    with pytest.raises(NotValidError, match="headings"):
        await approve(desk, headings=[])
    with pytest.raises(NotKnownError, match="There is no notice N-9"):
        await note(desk, "submitted", "N-9")


async def test_no_notice_is_approved_against_a_property_that_is_another_owners_now(desk: Desk) -> None:
    """Domain.md 8.7; one that was registered before is a fact, and taken over."""
    await owe(desk)
    await desk.work_to(date(2026, 8, 28))
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 1))
    await desk.work_day()
    assert desk.book == date(2026, 8, 30)
    with pytest.raises(NotNowError, match=f"The ownership of {REF} ended on 2026-08-30: the property is another's"):
        await approve(desk)
    await a_registered(desk, "2026-08-16")
    await desk.work_day()
    assert [row["buyer_liable"] for row in await listed(desk)] == [True]


_LAST_CHANGE = "a notice stands as its last change says"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [("state = 'renewed'", _LAST_CHANGE), ("number = 9", _LAST_CHANGE),
     ("last_on = registered_on", "no notice is in force after its last day"), ("urgent = false", None)],
)  # fmt: skip
async def test_the_records_prove_themselves(desk: Desk, change: str, wrong: str | None) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk, "2026-07-28")
    await desk.work_to(RIPE + timedelta(days=2))
    await desk.rows(f"update arrears.notices set {change}")
    async with snapshot(desk.sessions) as connection:
        checks = (await verify(connection))["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == ([f"arrears: {wrong}"] if wrong else [])
