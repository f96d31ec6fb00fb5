"""Money for a plan whose value date is in time and that is learnt late, on a real database (domain.md 4.4)."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.arrears.usecases import plan_questions
from shared.events import topics
from shared.events.billing import AccountPaid, AccountPaymentReversed, OpenItem
from shared.events.housing import PaymentMethod
from tests.integration.arrears.conftest import Desk, item
from tests.integration.arrears.planning import FIRST, agree, changes, end, owing, standing, tell

LAST_OF_GRACE = date(2026, 6, 5)
MISSED = LAST_OF_GRACE + timedelta(days=1)
SECOND_MISSED = date(2026, 7, 7)
"""The first day after the fifth working day after the second instalment's, Monday 29 June."""
IN_TIME = "instalment 1 was met in time by money that was learnt late"


@pytest.fixture
async def planned(desk: Desk) -> Desk:
    """A plan of £300.00 in three instalments of £100.00, the first on 29 May; it is the day after it was agreed."""
    await owing(desk, item(300_00))
    await agree(desk)
    return desk


async def pay(desk: Desk, payment_id: str, on: date, pence: int, *left: OpenItem) -> None:
    """Billing says money with its value date, and what is open then."""
    said = AccountPaid(
        account_id="A1", payment_id=payment_id, amount_pence=pence, received_on=on, method=PaymentMethod.BANK_TRANSFER
    )
    await desk.hear(topics.ACCOUNT_PAID, said)
    await tell(desk, *left)


async def take_back(desk: Desk, payment_id: str, pence: int, *left: OpenItem) -> None:
    said = AccountPaymentReversed(
        account_id="A1", payment_id=payment_id, reversal_id=f"R-{payment_id}", amount_pence=pence,
        reversed_on=desk.book, reason="indemnity-claim",
    )  # fmt: skip
    await desk.hear(topics.ACCOUNT_REVERSED, said)
    await tell(desk, *left)


async def shown(desk: Desk) -> dict[str, Any]:
    async with desk.sessions() as session:
        return await plan_questions.show(session, "PL-1")


async def counted(desk: Desk) -> tuple[list[int], list[int]]:
    """Return the numbers that count as missed, and those that were met in time after all."""
    found = await shown(desk)
    return found["missed"], found["met_in_time"]


@pytest.mark.parametrize("on", [date(2026, 5, 7), FIRST, LAST_OF_GRACE])
async def test_a_warning_that_rested_on_money_learnt_late_is_withdrawn_and_the_instalment_is_not_missed(
    planned: Desk, on: date
) -> None:
    await planned.work_to(MISSED)
    assert await counted(planned) == ([1], [])
    await pay(planned, "P1", on, 100_00, item(200_00))
    await planned.work_day()
    assert (await changes(planned))[1:] == [(str(MISSED), "warned"), ("2026-06-07", "agreed")]
    assert (await planned.said(topics.PLAN_CHANGED))[-1].reason == IN_TIME
    assert await counted(planned) == ([], [])
    await planned.work_to(SECOND_MISSED)
    assert (await changes(planned))[3:] == [(str(SECOND_MISSED), "warned")], "it is the first that was missed"
    assert await counted(planned) == ([2], [])


async def test_money_of_the_day_after_the_grace_is_caught_up_with_and_the_instalment_stays_missed(
    planned: Desk,
) -> None:
    await planned.work_to(MISSED)
    await pay(planned, "P1", MISSED, 100_00, item(200_00))
    await planned.work_to(SECOND_MISSED)
    assert (await changes(planned))[2:] == [("2026-06-07", "agreed"), (str(SECOND_MISSED), "failed")]
    assert (await planned.said(topics.PLAN_CHANGED))[2].reason == "caught up"


async def test_an_instalment_caught_up_late_is_missed_no_more_once_money_in_time_is_learnt_for_it(
    planned: Desk,
) -> None:
    await planned.work_to(MISSED)
    await pay(planned, "P1", MISSED, 100_00, item(200_00))
    await planned.work_to(date(2026, 6, 20))
    assert await counted(planned) == ([1], [])
    await pay(planned, "P2", FIRST, 100_00, item(100_00))
    await planned.work_day()
    [*_, said] = await planned.said(topics.PLAN_CHANGED)
    assert (said.state, said.change, said.reason) == ("agreed", 4, IN_TIME)
    assert await counted(planned) == ([], [])


async def test_a_plan_does_not_fail_on_the_day_that_shows_the_first_of_two_was_met_in_time(planned: Desk) -> None:
    await planned.work_to(MISSED)
    await pay(planned, "P1", MISSED, 50_00, item(250_00))
    await pay(planned, "P2", MISSED, 50_00, item(200_00))
    await planned.work_to(SECOND_MISSED - timedelta(days=1))
    await take_back(planned, "P1", 50_00, item(250_00))
    await take_back(planned, "P2", 50_00, item(300_00))
    await pay(planned, "P3", FIRST, 100_00, item(200_00))
    await planned.work_day()
    assert (await changes(planned))[-1] == (str(SECOND_MISSED), "warned")
    assert await counted(planned) == ([2], [])


async def test_a_plan_that_failed_stays_so_and_says_that_the_instalment_was_met_in_time(planned: Desk) -> None:
    await planned.work_to(date(2026, 6, 17))
    assert (await changes(planned))[-1] == ("2026-06-17", "failed")
    await pay(planned, "P1", LAST_OF_GRACE, 100_00, item(200_00))
    await planned.work_to(date(2026, 6, 20))
    assert (await changes(planned))[-1] == ("2026-06-17", "failed")
    assert await standing(planned) == []
    assert await counted(planned) == ([], [1])
    async with planned.sessions() as session:
        [listed] = await plan_questions.list_plans(session)
    assert (listed["missed"], listed["met_in_time"]) == ([], [1])


async def test_a_plan_that_was_ended_by_hand_says_so_too(planned: Desk) -> None:
    await planned.work_to(MISSED)
    await end(planned, "PL-1")
    await pay(planned, "P1", LAST_OF_GRACE, 100_00, item(200_00))
    await planned.work_to(date(2026, 6, 20))
    assert (await shown(planned))["state"] == "ended"
    assert await counted(planned) == ([], [1])


async def test_money_in_time_that_is_taken_back_again_leaves_the_instalment_missed(planned: Desk) -> None:
    await planned.work_to(MISSED)
    await pay(planned, "P1", FIRST, 100_00, item(200_00))
    await planned.work_day()
    await take_back(planned, "P1", 100_00, item(300_00))
    await planned.work_day()
    assert await counted(planned) == ([1], [])
    assert [state for _, state in await changes(planned)] == ["agreed", "warned", "agreed", "warned"]


async def test_a_credit_or_money_that_an_older_debt_took_shows_nothing_as_met_in_time(desk: Desk) -> None:
    older = item(100_00, "C0", date(2026, 3, 1))
    await owing(desk, older, item(300_00))
    await agree(desk, "C1")
    await desk.work_to(MISSED)
    await pay(desk, "P1", FIRST, 100_00, item(300_00))
    await desk.work_day()
    await pay(desk, "P2", desk.book, 100_00, item(200_00))
    await desk.work_day()
    assert await counted(desk) == ([1], []), "the older debt took the money that was in time"
    await tell(desk, item(100_00))
    await desk.work_day()
    assert await counted(desk) == ([1], []), "nobody paid what was credited"


async def test_a_mark_of_before_value_dates_were_looked_at_stays(planned: Desk) -> None:
    await planned.work_to(MISSED)
    await planned.rows("update arrears.plans set met_from = '{}'")
    await pay(planned, "P1", FIRST, 100_00, item(200_00))
    await planned.work_day()
    assert await counted(planned) == ([1], [])


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_the_order_in_which_late_money_is_learnt_within_a_book_changes_nothing(
    planned: Desk, order: tuple[int, ...]
) -> None:
    await planned.work_to(MISSED)
    said = [
        AccountPaid(
            account_id="A1", payment_id=name, amount_pence=pence, received_on=on, method=PaymentMethod.CHEQUE,
        )
        for name, pence, on in (("P1", 60_00, FIRST), ("P2", 60_00, LAST_OF_GRACE), ("P3", 80_00, MISSED))
    ]  # fmt: skip
    back = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=20_00, reversed_on=MISSED, reason="part"
    )
    news: list[Any] = [*((topics.ACCOUNT_PAID, one) for one in said), (topics.ACCOUNT_REVERSED, back)]
    for number in order:
        await planned.hear(*news[number])
    await tell(planned, item(120_00))
    await planned.work_day()
    assert await counted(planned) == ([], []), "£40.00 and £60.00 were in time"
    assert (await planned.said(topics.PLAN_CHANGED))[-1].reason == IN_TIME
