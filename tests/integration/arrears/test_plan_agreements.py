"""Agreeing a plan on a real database: what is refused, who may, and what a plan may be about."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.arrears.usecases import plans
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError
from shared.bus.work import Cause
from shared.events import topics
from tests.integration.arrears.conftest import ISSUED, Desk, item, opened
from tests.integration.arrears.planning import (
    OVERDUE,
    REF,
    agree,
    approve,
    caller,
    changes,
    offered,
    owing,
    propose,
    standing,
    tell,
)


@pytest.fixture
async def debtor(desk: Desk) -> Desk:
    """An account that owes £95.50 and £204.50 since 29 April; it is the 30th."""
    await owing(desk, item(95_50), item(204_50, "C2"))
    return desk


REFUSED = [
    ({"debts": [{"charge_id": "C1", "due_on": str(OVERDUE), "amount_pence": 95_51}]}, NotNowError, "£95.50 of C1"),
    ({"debts": [{"charge_id": "C1", "due_on": str(OVERDUE), "amount_pence": 95_49}]}, NotNowError, "£95.50 of C1"),
    ({"debts": [{"charge_id": "C9", "due_on": str(OVERDUE), "amount_pence": 1}]}, NotNowError, "£0.00 of C9"),
    ({"first_on": "2026-04-29"}, NotValidError, "it may be from 2026-04-30 to 2026-07-01"),
    ({"first_on": "2026-07-02"}, NotValidError, "it may be from"),
    ({"first_on": "9999-12-31"}, NotValidError, "it may be from"),
    ({"instalments": 1}, NotValidError, "instalments"),
    ({"method": "direct-debit"}, NotValidError, "method"),
    ({"debts": []}, NotValidError, "debts"),
]


@pytest.mark.parametrize(("change", "error", "words"), REFUSED)
async def test_what_cannot_be_is_refused(
    debtor: Desk, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    body = await offered(debtor) | change
    with pytest.raises(error, match=words):
        await propose(debtor, body)


async def test_a_debt_named_twice_or_of_less_than_a_penny_an_instalment_is_refused(desk: Desk) -> None:
    await owing(desk, item(2))
    body = await offered(desk)
    with pytest.raises(NotValidError, match="does not make 3 instalments"):
        await propose(desk, body)
    with pytest.raises(NotValidError, match="each debt once"):
        await propose(desk, body | {"debts": body["debts"] * 2})


async def test_nothing_overdue_no_account_and_the_associations_own_are_refused(desk: Desk) -> None:
    await owing(desk, item(95_50, issued=ISSUED + timedelta(days=1)))
    for charges in ((), ("C1",)):
        with pytest.raises(NotNowError, match="overdue that is not disputed or held"):
            await offered(desk, *charges)
    await desk.work_day()
    body = await offered(desk)
    with pytest.raises(NotKnownError, match="No account has the reference F9"):
        await propose(desk, body | {"account_ref": "F9"})
    await desk.hear(topics.ACCOUNT_OPENED, opened(internal=True))
    with pytest.raises(NotValidError, match="association's own account"):
        await propose(desk, body)


async def test_a_plan_may_be_of_named_charges_and_leaves_out_what_is_disputed(desk: Desk) -> None:
    disputed = item(95_50).model_copy(update={"disputed_pence": 40_00})
    await owing(desk, disputed, item(204_50, "C2"), item(30_00, "C3"))
    assert [debt["amount_pence"] for debt in (await offered(desk))["debts"]] == [204_50, 30_00]
    await agree(desk, "C3")
    [said] = await desk.said(topics.PLAN_CHANGED)
    assert (said.total_pence, await standing(desk)) == (30_00, [("plan-active", "C3")])


async def test_one_plan_stands_for_an_account(debtor: Desk) -> None:
    first, second = [await propose(debtor, await offered(debtor, instalments=count)) for count in (3, 4)]
    await approve(debtor, first)
    with pytest.raises(NotNowError, match="Plan PL-1 stands on F000000000A1"):
        await approve(debtor, second)
    with pytest.raises(NotNowError, match="Plan PL-1 stands on F000000000A1"):
        await offered(debtor)


async def test_what_billing_says_waits_for_a_plan_that_is_being_agreed(debtor: Desk) -> None:
    """Else the plan is said with figures of before, and a rebuild, which follows the commits, with those of after."""
    body = await offered(debtor)
    async with debtor.doors.command(Cause("proposal", "1")) as work:
        await plans.lock_account(work, REF)
        news = asyncio.create_task(tell(debtor, item(95_50)))
        await asyncio.wait([news], timeout=0.5)
        assert not news.done()
        await plans.agree(work, body)
    await news
    [said] = await debtor.said(topics.PLAN_CHANGED)
    assert said.paid_pence == 0


async def test_what_was_paid_since_it_was_proposed_is_not_agreed(debtor: Desk) -> None:
    number = await propose(debtor, await offered(debtor))
    await tell(debtor, item(204_50, "C2"))
    with pytest.raises(NotNowError, match=r"£0\.00 of C1"):
        await approve(debtor, number)
    assert await changes(debtor) == []


@pytest.mark.parametrize(
    ("instalments", "role", "may"),
    [(12, "assistant", True), (13, "assistant", False), (24, "lead-officer", True), (25, "lead-officer", False),
     (25, "board", True)],
)  # fmt: skip
async def test_longer_plans_need_a_higher_approval(debtor: Desk, instalments: int, role: str, may: bool) -> None:
    number = await propose(debtor, await offered(debtor, instalments=instalments), caller("assistant", "ann"))
    if may:
        assert await approve(debtor, number, caller(role))
    else:
        with pytest.raises(NotAllowedError, match="above the limit of your roles"):
            await approve(debtor, number, caller(role))


async def test_nobody_approves_a_plan_of_their_own_and_finance_neither_proposes_nor_approves(debtor: Desk) -> None:
    body = await offered(debtor)
    with pytest.raises(NotAllowedError):
        await propose(debtor, body, caller("finance"))
    number = await propose(debtor, body, caller("lead-officer", "ann"))
    with pytest.raises(NotAllowedError, match="another person"):
        await approve(debtor, number, caller("lead-officer", "ann"))
    with pytest.raises(NotAllowedError):
        await approve(debtor, number, caller("finance"))


async def test_debts_that_a_plan_leaves_out_are_no_current_charges(debtor: Desk) -> None:
    await agree(debtor, "C1")
    await debtor.work_to(OVERDUE + timedelta(days=15))
    assert [state for _, state in await changes(debtor)] == ["agreed"], "C2 was overdue before, and is on the ladder"
    assert [[one.charge_id for one in letter.items] for letter in await debtor.stages()] == [["C2"]]
