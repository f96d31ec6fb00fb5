"""Plans on statements at notify's desk: what stood on the day of the letter, from what was told up to then."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest

from shared.embedded.stack import PostgresServer
from shared.events.arrears import HoldKind, PlanState
from tests.integration.notify.conftest import DAY, Office
from tests.integration.notify.rebuilt import both, differ
from tests.support.letters import a_hold, a_plan_change, a_statement, an_item, items_of

AGREED_ON, LATER = DAY - timedelta(days=20), DAY + timedelta(days=1)
HEADING = "Your repayment plan"


async def letter(office: Office) -> str:
    """The text of the one statement that was written, in one line."""
    (row,) = await office.rows(
        "select body from notify.contents join notify.messages using (message_id) where template = 'statement'"
    )
    body = message_from_bytes(row["body"], policy=policy.default).get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def agreed(office: Office, book: date = AGREED_ON) -> None:
    await office.close_of()
    await office.hear(a_plan_change(changed_on=book), items_of(an_item(437_50)), book=book)


async def stated(office: Office) -> str:
    await office.hear(a_statement())
    await office.work()
    return await letter(office)


async def test_a_statement_shows_the_plan_as_it_stands_on_its_day(office: Office) -> None:
    await agreed(office)
    await office.hear(items_of(an_item(391_67)), book=AGREED_ON + timedelta(days=1))
    await office.hear(items_of(an_item(291_67), an_item(148_15, "C2")), book=DAY)
    said = await stated(office)
    assert HEADING in said
    assert "On 1 April 2026, £145.83 of it was paid or no longer asked for, and £291.67 was left." in said
    assert "Balance to pay by 29 April 2026: £148.15" in said


async def test_what_was_heard_ahead_of_the_day_is_not_in_its_letter(office: Office) -> None:
    """The services before may be days ahead; whether they were is no matter of what a letter says."""
    await agreed(office)
    await office.hear(items_of(), a_plan_change(PlanState.COMPLETED, changed_on=LATER), book=LATER)
    assert "and £437.50 was left." in await stated(office)


async def test_a_plan_that_is_agreed_after_the_day_is_not_in_its_letter(office: Office) -> None:
    await agreed(office, book=LATER)
    assert HEADING not in await stated(office)


@pytest.mark.parametrize("state", [PlanState.FAILED, PlanState.COMPLETED, PlanState.ENDED])
async def test_a_plan_that_has_ended_by_then_is_not_shown(office: Office, state: PlanState) -> None:
    await agreed(office)
    await office.hear(a_plan_change(state, changed_on=DAY), book=DAY)
    assert HEADING not in await stated(office)


async def test_a_plan_that_stands_again_is_shown_though_no_letter_told_of_it(office: Office) -> None:
    await agreed(office)
    for number, state in ((2, PlanState.COMPLETED), (3, PlanState.AGREED)):
        await office.hear(a_plan_change(state, change=number, changed_on=DAY), book=DAY)
    assert HEADING in await stated(office)


async def test_of_two_plans_the_one_that_stands_is_shown(office: Office) -> None:
    await agreed(office)
    await office.hear(a_plan_change(PlanState.ENDED, change=2, changed_on=DAY), book=DAY)
    other = a_plan_change(plan_id="PL-2", total_pence=291_67, changed_on=DAY)
    await office.hear(other, book=DAY)
    assert "We have agreed that you pay £291.67 of your account" in await stated(office)


async def test_a_change_told_again_under_another_name_counts_once_and_the_first_stands(office: Office) -> None:
    await agreed(office)
    changed = a_plan_change(changed_on=AGREED_ON)
    assert await office.hear(changed, event_id="again", book=AGREED_ON) == ["U"]
    other = changed.model_copy(update={"total_pence": 1_00})
    assert await office.hear(other, event_id="other", book=AGREED_ON) == ["X"]
    assert "you pay £437.50 of your account" in await stated(office)
    (row,) = await office.rows("select count(*) as n from notify.plan_changes")
    assert row["n"] == 1


async def test_a_plan_of_another_account_is_not_shown(office: Office) -> None:
    await office.close_of(2)
    await office.hear(a_plan_change(account_id="A2", changed_on=AGREED_ON), book=AGREED_ON)
    assert HEADING not in await stated(office)


async def test_a_hold_for_a_death_keeps_the_plan_off_the_statement(office: Office) -> None:
    await agreed(office)
    await office.hear(a_hold(HoldKind.DECEASED))
    assert HEADING not in await stated(office)


async def test_a_rebuild_must_know_every_change_of_a_plan(office: Office, postgres: PostgresServer) -> None:
    await agreed(office)
    async with both(postgres, office) as (live, fresh):
        assert await differ(live, fresh) == []
        await fresh.execute("delete from notify.plan_changes")
        assert any("PL-1 1" in first for first in await differ(live, fresh))
