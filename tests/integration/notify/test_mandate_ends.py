"""The bank ended a direct debit: one letter an account and reversal, or a mandate, dated the day that was found."""

from datetime import timedelta

import pytest

from shared.events.arrears import HoldKind
from shared.events.base import EventData
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_hold, a_mandate_end, a_withdrawn_mandate


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


async def test_case_22_a_word_without_money_asks_once_too_and_is_no_other_letters_repeat(office: Office) -> None:
    await office.close_of()
    withdrawn = a_withdrawn_mandate(mandate_id="R1", ended_on=DAY)
    assert await office.hear(withdrawn, event_id="n1") == ["D"]
    assert await office.hear(withdrawn, event_id="n2") == ["U"]
    assert await office.hear(withdrawn.model_copy(update={"code": "addacs-b"}), event_id="n3") == ["X"]
    await office.work()
    assert await letters(office) == [("A1", "email", DAY)]
    assert await office.hear(a_mandate_end(reversal_id="R1", noted_on=DAY)) == ["D"]
    await office.work(DAY + timedelta(days=1))
    assert await letters(office) == [("A1", "email", DAY)] * 2


async def test_case_21_no_letter_is_asked_for_when_the_bank_tells_that_the_payer_has_died(office: Office) -> None:
    await office.close_of()
    assert await office.hear(a_withdrawn_mandate(code="addacs-2", ended_on=DAY)) == ["D"]
    await office.work()
    assert await letters(office) == []


@pytest.mark.parametrize("ended", [a_mandate_end(noted_on=DAY), a_withdrawn_mandate(ended_on=DAY)])
@pytest.mark.parametrize(
    ("kind", "lifted", "state"),
    [(HoldKind.DECEASED, False, "suppressed"), (HoldKind.DECEASED, True, "handed-over"),
     (HoldKind.MORATORIUM, False, "handed-over")],
)  # fmt: skip
async def test_case_21_nothing_is_asked_of_somebody_whose_death_an_officer_was_told(
    office: Office, ended: EventData, kind: HoldKind, lifted: bool, state: str
) -> None:
    await office.close_of()
    await office.hear(ended)
    await office.work()
    await office.hear(a_hold(kind))
    if lifted:
        await office.hear(a_hold(kind, ended_on=DAY + timedelta(days=40)))
    await office.send()
    [(found, why)] = await office.rows(
        "select state, last_answer from notify.messages where template = 'mandate-ended'"
    )
    assert (found, why == "hold:deceased") == (state, state == "suppressed")
