"""The ladder through a real PostgreSQL: news in, days worked, letters said."""

from datetime import date, timedelta

import asyncpg
import pytest

from services.arrears.db import ladder
from services.arrears.usecases import questions
from services.arrears.usecases.verify import verify
from shared.db.engine import driver, snapshot
from shared.events import topics
from shared.events.billing import AccountCharged, AccountPaid, AccountPaymentReversed, PaymentUnmatched, ShareReason
from shared.events.housing import ChargeKind, PaymentMethod
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened

REMINDER_1 = ISSUED + timedelta(days=35)
REMINDER_2 = ISSUED + timedelta(days=49)


def paid(pence: int, on: date, payment: str = "P1") -> AccountPaid:
    return AccountPaid(
        account_id="A1", payment_id=payment, amount_pence=pence, received_on=on, method=PaymentMethod.CASH
    )  # fmt: skip


async def owe(desk: Desk, pence: int = 9550) -> None:
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(pence)))
    await desk.hear(topics.ACCOUNT_OPENED, opened())


async def test_the_two_reminders_go_on_their_days_and_say_their_figures(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 1))
    first, second = await desk.stages()
    assert (first.stage_on, first.stage, first.name) == (REMINDER_1, 1, "reminder-1")
    assert (second.stage_on, second.stage, second.name) == (REMINDER_2, 2, "reminder-2")
    assert (first.overdue_pence, first.minimum_pence, first.cycle) == (9550, 2000, 1)
    assert [one.model_dump(mode="json") for one in first.items] == [
        {"charge_id": "C1", "due_on": "2026-04-29", "open_pence": 9550}
    ]
    kept = await desk.rows("select day, cycle, stage, policy_version, reason from arrears.decisions order by day")
    assert [(row["day"], row["stage"]) for row in kept] == [(REMINDER_1, 1), (REMINDER_2, 2)]
    assert (kept[0]["policy_version"], kept[0]["reason"]) == ("ladder-2026-1", first.reason)


async def test_a_payment_of_the_day_stops_the_letter_and_closes_the_cycle(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_2 - timedelta(days=1))
    await desk.hear(topics.ACCOUNT_PAID, paid(9550, REMINDER_2))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(balance=0))
    await desk.work_to(REMINDER_2)
    assert [one.stage for one in await desk.stages()] == [1]
    closed = (await desk.rows("select outcome, cycle from arrears.decisions order by day"))[-1]
    assert tuple(closed) == ("cycle-closed", 1)
    account = (await desk.rows("select cycle, stage, next_check_on from arrears.accounts"))[0]
    assert tuple(account) == (2, 0, None)


async def test_a_recent_part_payment_delays_the_letter(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_1 - timedelta(days=2))
    await desk.hear(topics.ACCOUNT_PAID, paid(1000, REMINDER_1 - timedelta(days=1)))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(8550)))
    await desk.work_to(REMINDER_1 + timedelta(days=9))
    letter = (await desk.stages())[0]
    assert (letter.overdue_pence, letter.stage_on) == (8550, date(2026, 5, 11))


async def test_a_payment_that_is_taken_back_is_not_recent(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_1 - timedelta(days=1))
    await desk.hear(topics.ACCOUNT_PAID, paid(1000, REMINDER_1))
    reversal = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=1000, reversed_on=REMINDER_1, reason="arudd-0"
    )
    await desk.hear(topics.ACCOUNT_REVERSED, reversal)
    await desk.work_day()
    assert [one.stage_on for one in await desk.stages()] == [REMINDER_1]


async def test_money_taken_back_brings_no_second_reminder_1(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_1)
    await desk.hear(topics.ACCOUNT_PAID, paid(9550, REMINDER_1 + timedelta(days=1)))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(balance=0))
    await desk.work_to(REMINDER_1 + timedelta(days=3))
    reversal = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=9550, reversed_on=desk.book, reason="arudd-0"
    )
    await desk.hear(topics.ACCOUNT_REVERSED, reversal)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.work_to(REMINDER_2 + timedelta(days=30))
    assert [(one.cycle, one.stage) for one in await desk.stages()] == [(1, 1), (1, 2)]


async def test_order_within_a_book_changes_nothing(desk: Desk) -> None:
    """Paid and taken back before the day ends: the cycle never closed."""
    await owe(desk)
    await desk.work_to(REMINDER_1)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(balance=0), items_changed(item()))
    await desk.work_to(REMINDER_2)
    assert [(one.cycle, one.stage) for one in await desk.stages()] == [(1, 1), (1, 2)]


async def test_an_internal_account_is_never_chased(desk: Desk) -> None:
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.hear(topics.ACCOUNT_OPENED, opened(internal=True))
    await desk.work_to(REMINDER_2)
    assert await desk.stages() == []


async def test_a_day_without_anything_due_changes_no_account(desk: Desk) -> None:
    await owe(desk)
    await desk.work_day()
    before = await desk.rows("select xmin::text, next_check_on from arrears.accounts")
    await desk.work_to(ISSUED + timedelta(days=20))
    assert await desk.rows("select xmin::text, next_check_on from arrears.accounts") == before
    assert before[0]["next_check_on"] == date(2026, 4, 30)


async def test_a_stage_cannot_be_kept_twice_whatever_happens(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(REMINDER_1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.rows(
            "insert into arrears.decisions select account_id, day + 1, outcome, cycle, stage, name, policy_version, "
            "overdue_pence, chased_pence, minimum_pence, items, reason from arrears.decisions"
        )


@pytest.mark.parametrize("change", ["update arrears.decisions set stage = 2", "delete from arrears.decisions"])
async def test_decisions_are_only_added_to(desk: Desk, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await desk.rows(change)


async def test_many_accounts_are_worked_in_slices_in_a_fixed_order(desk: Desk) -> None:
    names = [f"{number:05d}" for number in range(2500)]
    await desk.hear(topics.ACCOUNT_OPENED, *[opened(name) for name in names])
    await desk.hear(topics.ITEMS_CHANGED, *[items_changed(item(), account=name) for name in names])
    await desk.work_to(REMINDER_1 - timedelta(days=1))
    desk.slices = 0
    await desk.work_day()
    assert desk.slices == 3
    assert [one.account_id for one in await desk.stages()] == names


async def test_the_day_looks_only_at_the_index(desk: Desk) -> None:
    """100,000 accounts of which none is due: one look at an index, not at the table."""
    async with desk.doors.sessions.begin() as session:
        await (await driver(session)).execute(
            "insert into arrears.accounts (account_id, next_check_on) "
            "select 'A' || n, case when n % 2 = 0 then date '2026-09-01' end from generate_series(1, 100000) as n"
        )
    await desk.work_day()
    async with desk.doors.sessions() as session:
        plan = await (await driver(session)).fetch("explain (costs off) " + ladder._DUE, ISSUED, 1000)
    assert "Index Scan using ix_accounts_next_check_on" in "\n".join(row[0] for row in plan)
    assert desk.slices == 1


async def test_the_questions(desk: Desk) -> None:
    await owe(desk)
    charged = AccountCharged(
        account_id="A1", charge_id="C1", unit_id="U1", kind=ChargeKind.REPAIR, amount_pence=10550, tax_pence=0,
        pool_pence=10550, value_on=ISSUED, reason=ShareReason.RAISED,
    )  # fmt: skip
    credited = charged.model_copy(update={"amount_pence": -1000, "reason": ShareReason.CREDITED})
    await desk.hear(topics.ACCOUNT_CHARGED, charged, credited)
    moved = PaymentUnmatched(account_id="A1", payment_id="P1", amount_pence=300, received_on=ISSUED)
    await desk.hear(topics.PAYMENT_UNMATCHED, moved)
    await desk.hear(topics.ACCOUNT_PAID, paid(500, ISSUED))
    async with desk.doors.sessions() as session:
        assert await questions.overdue_accounts(session) == []
        assert (await questions.summary(session))["as_of"] is None
    await desk.work_to(REMINDER_1)
    async with desk.doors.sessions() as session:
        (account,) = await questions.overdue_accounts(session)
        assert (account["account_ref"], account["overdue_pence"]) == ("F000000000A1", 9550)
        assert (account["stage"], account["stage_on"], account["holds"]) == (1, REMINDER_1, [])
        assert account["reason"].startswith("£95.50 overdue, reminder-1")
        summary = await questions.summary(session)
        assert summary["overdue"] == {
            "current": 0, "d1_30": 9550, "d31_60": 0, "d61_90": 0, "d91_120": 0, "over_120": 0,
        }  # fmt: skip
        assert summary["letters"] == {"reminder-1": 1}
    async with snapshot(desk.sessions) as connection:
        verified = await verify(connection)
        assert verified["sums"] == {"A1": {"charges": 9550, "payments": 200}}
        assert [check for check in verified["checks"] if not check["ok"]] == []


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(0, "current"), (1, "d1_30"), (30, "d1_30"), (31, "d31_60"), (60, "d31_60"), (61, "d61_90"), (90, "d61_90"),
     (91, "d91_120"), (120, "d91_120"), (121, "over_120")],
)  # fmt: skip
async def test_ageing_by_days_past_due(desk: Desk, late: int, bucket: str) -> None:
    last_closed = desk.book
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(issued=last_closed - timedelta(days=28 + late))))
    await desk.work_day()
    async with desk.doors.sessions() as session:
        aged = (await questions.summary(session))["overdue"]
    assert {name for name, pence in aged.items() if pence} == {bucket}
