"""The bank ended a direct debit: one letter an account and reversal, dated the day on which that was found."""

from datetime import timedelta

from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_mandate_end


async def letters(office: Office) -> list[tuple[object, ...]]:
    rows = await office.rows(
        "select account_id, channel, dated_on from notify.messages where template = 'mandate-ended' order by 1"
    )
    return [tuple(row) for row in rows]


async def test_case_22_an_owner_is_asked_once_for_another_way_to_pay(office: Office) -> None:
    await office.close_of(2)
    ended = a_mandate_end(noted_on=DAY)
    assert await office.hear(ended, event_id="n1") == ["D"]
    assert await office.hear(ended, event_id="n2") == ["U"]
    assert await office.hear(ended.model_copy(update={"amount_pence": 1}), event_id="n3") == ["X"]
    assert await office.hear(a_mandate_end(account_id="A2", account_ref="F00000000002", mandate_id=None)) == ["D"]
    await office.work()
    await office.work(DAY + timedelta(days=1))
    assert await letters(office) == [("A1", "email", DAY), ("A2", "email", a_mandate_end().noted_on)]
