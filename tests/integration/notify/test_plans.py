"""Letters about repayment plans at notify's desk: each once, dated its day, and stopped by holds."""

from datetime import date, timedelta

import pytest

from shared.events.arrears import HoldKind, PlanState
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_hold, a_plan_change, a_receipt


async def letters(office: Office) -> list[tuple[object, ...]]:
    rows = await office.rows(
        "select template, channel, dated_on from notify.messages where template like 'plan-%' order by created_on"
    )
    return [tuple(row) for row in rows]


async def ends(office: Office) -> dict[str, str]:
    rows = await office.rows("select template, state, last_answer from notify.messages where template like 'plan-%'")
    return {row["template"]: row["last_answer"] if row["state"] == "suppressed" else row["state"] for row in rows}


async def test_the_story_of_a_plan_is_told_letter_by_letter_each_once(office: Office) -> None:
    await office.close_of()
    story = [PlanState.AGREED, PlanState.WARNED, PlanState.AGREED, PlanState.COMPLETED]
    for number, state in enumerate(story):
        day = DAY + timedelta(days=30 * number)
        changed = a_plan_change(state, change=number + 1, changed_on=day)
        assert await office.hear(changed, event_id=f"p{number}", book=day) == ["D"]
        await office.work(day)
        await office.work(day + timedelta(days=1))
    again = a_plan_change(PlanState.WARNED, change=2, changed_on=DAY + timedelta(days=30))
    assert await office.hear(again, event_id="other") == ["U"]
    assert await office.hear(again.model_copy(update={"short_pence": 1}), event_id="third") == ["X"]
    assert await letters(office) == [
        ("plan-agreed", "email", DAY), ("plan-warned", "email", date(2026, 5, 1)),
        ("plan-completed", "email", date(2026, 6, 30)),
    ]  # fmt: skip
    await office.send()
    assert set((await ends(office)).values()) == {"handed-over"}


async def test_a_plan_that_failed_is_told_and_one_an_officer_ended_is_not(office: Office) -> None:
    await office.close_of()
    assert await office.hear(a_plan_change(PlanState.FAILED)) == ["D"]
    assert await office.hear(a_plan_change(PlanState.ENDED, plan_id="PL-2")) == ["D"]
    await office.work()
    assert [template for template, *_ in await letters(office)] == ["plan-failed"]


@pytest.mark.parametrize(
    ("kind", "agreed", "warned"),
    [
        (HoldKind.DECEASED, "hold:deceased", "hold:deceased"),
        (HoldKind.RETURNED_MAIL, "hold:returned-mail", "hold:returned-mail"),
        (HoldKind.VULNERABLE, "handed-over", "hold:vulnerable"),
        (HoldKind.PLAN_ACTIVE, "handed-over", "handed-over"),
    ],
)
async def test_a_hold_that_stops_letters_keeps_those_about_a_plan_back(
    office: Office, kind: HoldKind, agreed: str, warned: str
) -> None:
    await office.close_of()
    await office.hear(a_plan_change(), a_plan_change(PlanState.WARNED))
    await office.work()
    await office.hear(a_hold(kind))
    await office.send()
    assert await ends(office) == {"plan-agreed": agreed, "plan-warned": warned}


async def test_a_warning_of_what_was_paid_before_it_left_stays_here(office: Office) -> None:
    await office.close_of()
    await office.hear(a_plan_change(PlanState.WARNED))
    await office.work()
    await office.hear(a_receipt(145_83), book=DAY + timedelta(days=1))
    await office.billing_closed(DAY + timedelta(days=1))
    await office.send()
    assert await ends(office) == {"plan-warned": "paid-since"}


@pytest.mark.parametrize("state", [PlanState.AGREED, PlanState.WARNED])
async def test_a_letter_about_a_plan_that_is_over_does_not_leave(office: Office, state: PlanState) -> None:
    later = DAY + timedelta(days=1)
    await office.close_of()
    own = a_hold(HoldKind.PLAN_ACTIVE, charge_id="C1")
    await office.hear(own, a_plan_change(state))
    await office.work()
    await office.hear(own.model_copy(update={"ended_on": later}), book=later)
    await office.hear(own.model_copy(update={"hold_id": "H2"}), book=later)
    await office.send()
    assert await ends(office) == {f"plan-{state}": "plan-moved-on"}


async def test_nobody_is_thanked_for_a_plan_that_stands_again(office: Office) -> None:
    later = DAY + timedelta(days=1)
    await office.close_of()
    own = a_hold(HoldKind.PLAN_ACTIVE, charge_id="C1", ended_on=DAY)
    await office.hear(own, a_plan_change(PlanState.COMPLETED))
    await office.work()
    await office.hear(own.model_copy(update={"hold_id": "H2", "ended_on": None}), book=later)
    await office.send()
    assert await ends(office) == {"plan-completed": "plan-moved-on"}
