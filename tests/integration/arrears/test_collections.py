"""What billing announced of direct debits keeps reminders back until it came, was called off or failed to come."""

from datetime import date, timedelta

import pytest

from shared.events import topics
from shared.events.base import EventData
from shared.events.billing import (
    AccountPaid,
    AccountPaymentReversed,
    CollectionAnnounced,
    CollectionEnded,
    NotTaken,
)
from shared.events.housing import PaymentMethod
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened

REMINDER_1 = ISSUED + timedelta(days=35)
COLLECT_ON, SETTLED_BY = date(2026, 5, 11), date(2026, 5, 18)
ANNOUNCED = CollectionAnnounced(
    account_id="A1", account_ref="F1", collection_id="DD-1", mandate_id="MD1", amount_pence=95_50,
    announced_on=date(2026, 4, 20), collect_on=COLLECT_ON, settled_by=SETTLED_BY,
)  # fmt: skip
ENDED = CollectionEnded(account_id="A1", collection_id="DD-1", amount_pence=95_50, why=NotTaken.MANDATE_ENDED)


async def owing(desk: Desk, *told: EventData) -> None:
    """£95.50 due on 29 April, and a collection of 11 May announced on 20 April."""
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(95_50)))
    await desk.work_to(date(2026, 4, 19))
    for one in told or (ANNOUNCED,):
        channel = topics.COLLECTION_ENDED if isinstance(one, CollectionEnded) else topics.COLLECTION_ANNOUNCED
        await desk.hear(channel, one)


async def reminders(desk: Desk) -> list[date]:
    return [one.stage_on for one in await desk.stages()]


def paid(method: PaymentMethod = PaymentMethod.DIRECT_DEBIT) -> AccountPaid:
    return AccountPaid(account_id="A1", payment_id="P1", amount_pence=95_50, received_on=COLLECT_ON, method=method)


async def test_no_reminder_goes_to_whom_a_collection_was_announced_until_it_should_have_come(desk: Desk) -> None:
    await owing(desk)
    await desk.work_to(SETTLED_BY)
    assert await reminders(desk) == []
    await desk.work_to(SETTLED_BY + timedelta(days=5))
    assert await reminders(desk) == [SETTLED_BY + timedelta(days=1)]


@pytest.mark.parametrize("told", [(ANNOUNCED, ENDED), (ENDED, ANNOUNCED)])
async def test_what_is_called_off_is_chased_again_in_whatever_order_it_was_told(
    desk: Desk, told: tuple[EventData, ...]
) -> None:
    await owing(desk, *told)
    await desk.work_to(REMINDER_1)
    assert await reminders(desk) == [REMINDER_1]


async def test_a_collection_called_off_on_a_later_day_is_chased_from_that_day_on(desk: Desk) -> None:
    await owing(desk)
    await desk.work_to(REMINDER_1 + timedelta(days=1))
    called_off = desk.book
    await desk.hear(topics.COLLECTION_ENDED, ENDED)
    await desk.work_to(called_off + timedelta(days=5))
    assert await reminders(desk) == [called_off]


async def test_a_debit_that_came_and_was_returned_is_chased_before_the_collection_would_have_settled(
    desk: Desk,
) -> None:
    await owing(desk)
    await desk.work_to(COLLECT_ON - timedelta(days=1))
    await desk.hear(topics.ACCOUNT_PAID, paid())
    await desk.work_to(COLLECT_ON)
    returned = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=95_50, reversed_on=desk.book, reason="arudd-0"
    )
    await desk.hear(topics.ACCOUNT_REVERSED, returned)
    back_on = desk.book
    await desk.work_to(SETTLED_BY)
    assert await reminders(desk) == [back_on]


async def test_money_of_another_kind_leaves_the_collection_on_its_way(desk: Desk) -> None:
    await owing(desk)
    await desk.work_to(COLLECT_ON - timedelta(days=1))
    await desk.hear(topics.ACCOUNT_PAID, paid(PaymentMethod.CASH).model_copy(update={"amount_pence": 1}))
    await desk.work_to(SETTLED_BY)
    assert await reminders(desk) == []


async def test_an_announcement_that_says_no_end_keeps_nothing_back(desk: Desk) -> None:
    await owing(desk, ANNOUNCED.model_copy(update={"settled_by": None}))
    await desk.work_to(REMINDER_1)
    assert await reminders(desk) == [REMINDER_1]
