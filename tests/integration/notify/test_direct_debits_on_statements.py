"""Direct debits on statements at notify's desk: from billing's event, through the database, to the letter."""

from datetime import timedelta

from shared.events.mandates import AnnouncedDebit, PaidByDirectDebit
from tests.integration.notify.conftest import DAY, Office
from tests.integration.notify.test_plans_on_statements import agreed, letter, stated
from tests.support.letters import a_statement

DEBIT = PaidByDirectDebit(
    mandate_id="MD1", announced=(AnnouncedDebit(amount_pence=95_50, collect_on=DAY + timedelta(days=16)),)
)


async def stated_with(office: Office) -> str:
    await office.hear(a_statement().model_copy(update={"direct_debit": DEBIT}))
    await office.work()
    return await letter(office)


async def test_a_statement_says_what_comes_next_by_direct_debit(office: Office) -> None:
    await office.close_of()
    said = await stated_with(office)
    assert "You pay by Direct Debit (mandate MD1), so you need to do nothing." in said
    assert "Next we collect £95.50 on 17 April 2026, as we wrote to you." in said
    assert "Balance, due on 29 April 2026: £148.15" in said


async def test_a_statement_that_was_said_without_a_word_of_it_asks_to_be_paid(office: Office) -> None:
    await office.close_of()
    said = await stated(office)
    assert "mandate" not in said
    assert "Please pay by 29 April 2026" in said


async def test_beside_a_plan_that_stands_the_owner_is_asked_to_ring(office: Office) -> None:
    await agreed(office)
    said = await stated_with(office)
    assert "Your repayment plan" in said
    assert "We wrote to you that we collect £95.50 on 17 April 2026. Please ring us on" in said
    assert "you need to do nothing" not in said
