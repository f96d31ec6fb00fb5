"""What billing says is disputed is not chased, and after its end the next letter waits its days of grace."""

from datetime import timedelta

from services.arrears.usecases import questions
from shared.events import topics
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened

REMINDER_1 = ISSUED + timedelta(days=35)


async def test_a_dispute_leaves_the_letter_and_its_end_gives_seven_days(desk: Desk) -> None:
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(9550).model_copy(update={"disputed_pence": 4000})))
    await desk.work_to(REMINDER_1 + timedelta(days=15))
    first, second = await desk.stages()
    assert [(one.stage, one.overdue_pence, one.items[0].open_pence) for one in (first, second)] == [
        (1, 5550, 5550), (2, 5550, 5550),
    ]  # fmt: skip
    async with desk.doors.sessions() as session:
        (account,) = await questions.overdue_accounts(session)
    assert (account["overdue_pence"], account["disputed_pence"]) == (9550, 4000)


async def test_case_29_after_a_rejection_the_next_stage_goes_alone_after_seven_days(desk: Desk) -> None:
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(9550).model_copy(update={"disputed_pence": 9550})))
    await desk.work_to(REMINDER_1 + timedelta(days=20))
    assert await desk.stages() == []
    rejected_on = desk.book
    ended = item(9550).model_copy(update={"dispute_ended_on": rejected_on})
    await desk.hear(topics.ITEMS_CHANGED, items_changed(ended))
    await desk.work_to(rejected_on + timedelta(days=12))
    assert [(one.stage, one.stage_on) for one in await desk.stages()] == [(1, rejected_on + timedelta(days=7))]
