"""Repayment plans on a real database: two people, holds, every change said, money that comes and is taken back."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.arrears.settings import read_plan_policies
from services.arrears.usecases import holds, plan_days, plan_questions, questions
from services.arrears.usecases.verify import verify
from shared.bus.refusals import NotKnownError, NotNowError
from shared.bus.work import Cause
from shared.db.engine import snapshot
from shared.events import topics
from shared.events.arrears import HoldKind
from shared.events.billing import AccountPaid, CollectionAnnounced
from shared.events.housing import PaymentMethod
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened
from tests.integration.arrears.planning import FIRST, REF, agree, changes, end, owing, standing, tell

MISSED = date(2026, 6, 6)
"""The first day after the fifth working day after the first instalment's, Friday 29 May."""


@pytest.fixture
async def debtor(desk: Desk) -> Desk:
    """An account that owes £95.50 and £204.50 since 29 April; it is the 30th."""
    await owing(desk, item(95_50), item(204_50, "C2"))
    return desk


async def wrong(desk: Desk) -> list[str]:
    async with snapshot(desk.sessions) as connection:
        return [check["name"] for check in (await verify(connection))["checks"] if not check["ok"]]


async def shown(desk: Desk, plan_id: str) -> dict[str, Any]:
    async with desk.sessions() as session:
        return await plan_questions.show(session, plan_id)


async def test_a_plan_that_two_people_agree_keeps_its_charges_from_the_ladder(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    assert plan_id == "PL-1"
    assert await standing(debtor) == [("plan-active", "C1"), ("plan-active", "C2")]
    [said] = await debtor.said(topics.PLAN_CHANGED)
    assert (said.state, said.total_pence, said.policy_version) == ("agreed", 300_00, "plan-2026-1")
    assert [(str(one.due_on), one.amount_pence) for one in said.instalments] == [
        ("2026-05-29", 100_00), ("2026-06-29", 100_00), ("2026-07-29", 100_00),
    ]  # fmt: skip
    assert (said.paid_pence, said.due_pence, said.next_on, said.next_pence) == (0, 0, FIRST, 100_00)
    assert said.reason == "£300.00 in 3 instalments, monthly from 2026-05-29"
    await debtor.work_to(FIRST)
    assert await debtor.stages() == []
    async with debtor.sessions() as session:
        [account] = await questions.overdue_accounts(session)
    assert account["reason"] == "everything overdue is held"
    assert {one["reason"] for one in account["holds"]} == {"repayment plan PL-1"}
    assert await wrong(debtor) == []


async def test_a_new_charge_goes_on_the_ladder_as_usual(debtor: Desk) -> None:
    await agree(debtor)
    quarter = item(120_00, "Q2", ISSUED + timedelta(days=10))
    await tell(debtor, item(95_50), item(204_50, "C2"), quarter)
    await debtor.work_to(FIRST)
    [letter] = await debtor.stages()
    assert (letter.overdue_pence, [one.charge_id for one in letter.items]) == (120_00, ["Q2"])


async def test_a_plan_paid_on_time_is_completed_and_its_holds_are_lifted(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await tell(debtor, item(200_00, "C2"))
    await debtor.work_to(date(2026, 6, 30))
    assert (await shown(debtor, plan_id))["paid_pence"] == 100_00
    await tell(debtor)
    await debtor.work_to(date(2026, 7, 2))
    assert await changes(debtor) == [("2026-04-30", "agreed"), ("2026-07-01", "completed")]
    assert await standing(debtor) == []
    assert await wrong(debtor) == []


async def test_a_missed_instalment_is_warned_of_and_the_lapse_lets_the_ladder_go_on(debtor: Desk) -> None:
    await agree(debtor)
    await debtor.work_to(date(2026, 7, 10))
    assert await changes(debtor) == [("2026-04-30", "agreed"), (str(MISSED), "warned"), ("2026-06-17", "failed")]
    _, warned, failed = await debtor.said(topics.PLAN_CHANGED)
    assert (warned.catch_up_by, warned.warned_of, warned.short_pence) == (date(2026, 6, 16), ("instalment",), 100_00)
    assert (failed.catch_up_by, failed.due_pence, failed.paid_pence, failed.next_on) == (None, 100_00, 0, None)
    assert failed.reason == "not caught up by 2026-06-16: £100.00 of instalments is missing"
    assert await standing(debtor) == []
    assert [(one.stage, str(one.stage_on)) for one in await debtor.stages()] == [(1, "2026-06-24"), (2, "2026-07-08")]
    assert await wrong(debtor) == []


async def test_the_ladder_goes_on_where_it_was_never_lower(desk: Desk) -> None:
    await owing(desk, item(95_50))
    await desk.work_to(date(2026, 5, 6))
    assert [one.stage for one in await desk.stages()] == [1]
    await agree(desk)
    await desk.work_to(date(2026, 6, 30))
    assert [(one.stage, str(one.stage_on)) for one in await desk.stages()] == [(1, "2026-05-06"), (2, "2026-06-24")]


async def test_a_plan_that_is_caught_up_stands_again(debtor: Desk) -> None:
    await agree(debtor)
    await debtor.work_to(MISSED)
    await tell(debtor, item(200_00, "C2"))
    await debtor.work_to(date(2026, 6, 20))
    assert await changes(debtor) == [("2026-04-30", "agreed"), (str(MISSED), "warned"), ("2026-06-07", "agreed")]
    assert await standing(debtor) == [("plan-active", "C1"), ("plan-active", "C2")]


async def test_case_26_money_taken_back_after_completion_makes_the_plan_stand_again_and_warns(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await tell(debtor)
    await debtor.work_to(date(2026, 6, 1))
    assert [state for _, state in await changes(debtor)] == ["agreed", "completed"]
    await debtor.work_to(date(2026, 8, 10))
    await tell(debtor, item(95_50), item(204_50, "C2"))
    await debtor.work_to(date(2026, 8, 11))
    assert (await changes(debtor))[2:] == [("2026-08-11", "warned")]
    assert await standing(debtor) == [("plan-active", "C1"), ("plan-active", "C2")]
    assert [one["is"] for one in (await shown(debtor, plan_id))["schedule"]] == ["missed"] * 3
    await tell(debtor)
    await debtor.work_to(date(2026, 8, 13))
    assert (await changes(debtor))[3:] == [("2026-08-12", "completed")]
    assert await wrong(debtor) == []


async def test_an_older_plan_stays_completed_once_another_was_agreed(debtor: Desk) -> None:
    await agree(debtor)
    await tell(debtor)
    await debtor.work_to(date(2026, 5, 2))
    await tell(debtor, item(50_00, "C3"))
    await debtor.work_to(date(2026, 5, 10))
    assert await agree(debtor) == "PL-2"
    await tell(debtor, item(50_00, "C3"), item(95_50), item(204_50, "C2"))
    await debtor.work_to(date(2026, 5, 12))
    assert await standing(debtor) == [("plan-active", "C3")]
    states = await debtor.rows("select plan_id, state from arrears.plans order by 1")
    assert [tuple(row) for row in states] == [("PL-1", "completed"), ("PL-2", "agreed")], "the ladder has it"


async def test_case_38_two_instalments_paid_at_once_meet_the_next_one(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await tell(debtor, item(100_00, "C2"))
    await debtor.work_to(date(2026, 7, 10))
    assert [state for _, state in await changes(debtor)] == ["agreed"]
    schedule = (await shown(debtor, plan_id))["schedule"]
    assert [(one["is"], one["paid_pence"]) for one in schedule] == [("met", 100_00), ("met", 100_00), ("open", 0)]


async def test_case_39_a_new_quarter_unpaid_breaks_the_current_charges_clause(debtor: Desk) -> None:
    await agree(debtor)
    quarter = item(120_00, "Q2", date(2026, 5, 1))
    await tell(debtor, item(200_00, "C2"), quarter)
    await debtor.work_to(date(2026, 6, 20))
    assert (await changes(debtor))[1:] == [(str(MISSED), "warned"), ("2026-06-17", "failed")]
    _, warned, _ = await debtor.said(topics.PLAN_CHANGED)
    assert (warned.warned_of, warned.current_pence, warned.short_pence) == (("current",), 120_00, 0)


async def test_an_officer_ends_a_plan_once_and_the_ladder_goes_on(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await debtor.work_to(date(2026, 5, 10))
    assert await end(debtor, plan_id) == await end(debtor, plan_id) == {"plan_id": "PL-1", "state": "ended"}
    assert await changes(debtor) == [("2026-04-30", "agreed"), ("2026-05-11", "ended")]
    assert await standing(debtor) == []
    await debtor.work_to(date(2026, 5, 20))
    assert [(one.stage, str(one.stage_on)) for one in await debtor.stages()] == [(1, "2026-05-18")]
    assert await wrong(debtor) == []
    with pytest.raises(NotKnownError, match="no plan PL-9"):
        await end(debtor, "PL-9")


async def test_a_plan_that_failed_or_is_completed_is_not_ended(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await debtor.work_to(date(2026, 6, 17))
    with pytest.raises(NotNowError, match="Plan PL-1 is failed already"):
        await end(debtor, plan_id)


async def test_a_plans_hold_is_not_lifted_by_hand(debtor: Desk) -> None:
    await agree(debtor)
    [(hold_id, *_), *_] = await debtor.rows("select hold_id from arrears.holds order by charge_id")
    async with debtor.doors.command(Cause("staff/ada", "k1")) as work:
        with pytest.raises(NotNowError, match="of a repayment plan"):
            await holds.end_hold(work, {"hold_id": hold_id, "reason": "x", "by": "ada"})


async def test_plans_are_worked_in_slices_each_once_before_the_ladder(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_days, "SLICE", 1)
    for account in ("A2", "A3"):
        await desk.hear(topics.ACCOUNT_OPENED, opened(account))
        await desk.hear(topics.ITEMS_CHANGED, items_changed(item(95_50), account=account))
    await owing(desk, item(95_50))
    for account in ("A1", "A2", "A3"):
        await agree(desk, ref=f"F{account:0>11}")
    await desk.work_to(MISSED - timedelta(days=1))
    before = desk.slices
    await desk.work_day()
    assert desk.slices - before == 4, "one for each plan, one for the ladder"
    assert [state for _, state in await changes(desk)] == ["agreed"] * 3 + ["warned"] * 3


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        ("update arrears.holds set ended_on = started_on where charge_id = 'C1'", "keeps its charges from the ladder"),
        ("update arrears.plans set state = 'failed'", "keeps its charges from the ladder"),
        ("update arrears.plans set change = 2", "changes are whole"),
    ],
)
async def test_the_proof_names_a_plan_whose_holds_or_changes_do_not_fit(debtor: Desk, spoil: str, named: str) -> None:
    await agree(debtor)
    assert await wrong(debtor) == []
    await debtor.rows(spoil)
    [found] = await wrong(debtor)
    assert named in found


async def test_a_plan_keeps_the_terms_of_the_day_it_was_agreed_on(
    debtor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shipped] = read_plan_policies()
    harder = replace(shipped, version="plan-later", effective_from=date(2026, 5, 20), grace_office_days=0)
    monkeypatch.setattr(plan_days, "read_plan_policies", lambda: (shipped, harder))
    await agree(debtor)
    await debtor.work_to(MISSED - timedelta(days=1))
    assert [state for _, state in await changes(debtor)] == ["agreed"]


async def test_what_was_worked_again_after_a_crash_changes_nothing(debtor: Desk) -> None:
    await agree(debtor)
    await debtor.work_to(MISSED)
    await debtor.rows("update msg.gate set last_closed = $1", MISSED - timedelta(days=1))
    debtor.book = MISSED
    await debtor.rows("update arrears.accounts set next_check_on = $1", MISSED)
    await debtor.work_day()
    assert await changes(debtor) == [("2026-04-30", "agreed"), (str(MISSED), "warned")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_order_of_news_within_a_book_changes_nothing(debtor: Desk, order: tuple[int, ...]) -> None:
    await agree(debtor)
    await debtor.work_to(MISSED - timedelta(days=1))
    told = CollectionAnnounced(
        account_id="A1", account_ref=REF, collection_id="DD1", mandate_id="MD1", amount_pence=40_00,
        announced_on=MISSED, collect_on=MISSED, settled_by=date(2026, 6, 12),
    )  # fmt: skip
    paid = AccountPaid(
        account_id="A1", payment_id="P1", amount_pence=54_50, received_on=MISSED, method=PaymentMethod.CHEQUE
    )
    news = [
        (topics.ITEMS_CHANGED, items_changed(item(95_50), item(150_00, "C2"))),
        (topics.COLLECTION_ANNOUNCED, told),
        (topics.ACCOUNT_PAID, paid),
    ]
    for number in order:
        await debtor.hear(*news[number])
    await debtor.work_day()
    [_, warned] = await debtor.said(topics.PLAN_CHANGED)
    assert (warned.state, warned.paid_pence, warned.short_pence) == ("warned", 94_50, 5_50)


async def test_every_plan_is_listed_those_that_stand_first(debtor: Desk) -> None:
    first = await agree(debtor)
    await end(debtor, first)
    second = await agree(debtor)
    await debtor.work_to(MISSED)
    async with debtor.sessions() as session:
        found = await plan_questions.list_plans(session)
    assert [(one["plan_id"], one["state"]) for one in found] == [(second, "warned"), (first, "ended")]
    over = [found[1][name] for name in ("next_on", "next_pence", "short_pence")]
    assert over == [None, None, None], "of a plan that is over nothing is due, nor missing"
    assert found[0] == {
        "plan_id": "PL-2", "account_ref": REF, "account_id": "A1", "state": "warned", "state_on": MISSED,
        "agreed_on": date(2026, 4, 30), "instalments": 3, "total_pence": 300_00, "paid_pence": 0,
        "short_pence": 100_00, "next_on": FIRST, "next_pence": 100_00, "catch_up_by": date(2026, 6, 16),
        "missed": [1], "met_in_time": [], "reason": "£100.00 of instalments is missing",
    }  # fmt: skip


async def test_a_plan_that_is_over_is_shown_as_it_stood_when_it_ended_and_nothing_is_missing_of_it(
    debtor: Desk,
) -> None:
    plan_id = await agree(debtor)
    await debtor.work_to(date(2026, 9, 1))
    found = await shown(debtor, plan_id)
    assert (found["state"], str(found["state_on"])) == ("failed", "2026-06-17")
    assert (found["short_pence"], found["current_pence"]) == (None, None)
    assert [one["is"] for one in found["schedule"]] == ["missed", "open", "open"], "nobody asked for the others"
    last = found["changes"][-1]
    assert (last["due_pence"], last["paid_pence"]) == (100_00, 0), "what was missing then is in its changes"


async def test_a_plan_is_shown_with_its_schedule_and_its_changes(debtor: Desk) -> None:
    plan_id = await agree(debtor)
    await tell(debtor, item(170_00, "C2"))
    await debtor.work_to(date(2026, 6, 1))
    found = await shown(debtor, plan_id)
    assert [(one["number"], one["is"], one["paid_pence"]) for one in found["schedule"]] == [
        (1, "met", 100_00), (2, "part", 30_00), (3, "open", 0),
    ]  # fmt: skip
    assert [(one["change"], one["state"], one["reason"]) for one in found["changes"]] == [
        (1, "agreed", "£300.00 in 3 instalments, monthly from 2026-05-29")
    ]
    with pytest.raises(NotKnownError, match="no plan PL-9"):
        await shown(debtor, "PL-9")


async def test_a_moratorium_keeps_a_plan_from_being_warned_of(debtor: Desk) -> None:
    await agree(debtor)
    new = holds.NewHold("H1", REF, HoldKind.MORATORIUM, None, "register", None, None, "ada")
    async with debtor.doors.command(Cause("staff/ada", "H1")) as work:
        await holds.set_hold(work, new)
    await debtor.work_to(MISSED + timedelta(days=5))
    assert [state for _, state in await changes(debtor)] == ["agreed"]
    async with debtor.doors.command(Cause("staff/ada", "H1:lift")) as work:
        await holds.lift_hold(work, "H1", "over", "ada")
    await debtor.work_to(MISSED + timedelta(days=20))
    assert (await changes(debtor))[1:] == [(str(MISSED + timedelta(days=13)), "warned")]
