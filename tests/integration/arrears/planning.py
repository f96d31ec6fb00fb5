"""People who propose, approve and end plans at arrears' desk."""

from datetime import date
from typing import Any

from services.arrears.usecases import plan_questions, plans
from services.arrears.usecases.plan_proposals import PLAN
from services.arrears.usecases.plan_questions import Offer
from shared.auth import Caller
from shared.bus.commands import Given, give
from shared.bus.proposals import Proposal, Proposals
from shared.events import topics
from shared.events.arrears import Frequency, PlanChanged
from shared.events.billing import OpenItem
from tests.integration.arrears.conftest import Desk, items_changed, opened

REF = "F000000000A1"
FIRST = date(2026, 5, 29)
OVERDUE = date(2026, 4, 29)
"""The last day on which what was issued with the desk's first book is due: the book after it has a debt."""


def caller(role: str, person: str = "") -> Caller:
    return Caller(person or f"{role}-1", frozenset({role}))


ASSISTANT, LEAD = caller("assistant"), caller("lead-officer")


async def owing(desk: Desk, *items: OpenItem) -> None:
    """An account with overdue debts; it is the day on which they are."""
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(*items))
    await desk.work_to(OVERDUE)


async def offered(desk: Desk, *charges: str, instalments: int = 3, ref: str = REF) -> dict[str, Any]:
    """Return the body of a proposal as the command line makes it, from what arrears offers."""
    asked = Offer(ref, instalments, Frequency.MONTHLY, FIRST, charges)
    async with desk.sessions() as session:
        found = await plan_questions.offer(session, asked)
    return {
        "account_ref": ref, "frequency": "monthly", "instalments": instalments, "first_on": str(FIRST),
        "method": "standing-order", "affordability_ref": "file 12/3",
        "debts": [debt | {"due_on": str(debt["due_on"])} for debt in found["debts"]],
    }  # fmt: skip


async def propose(desk: Desk, body: dict[str, Any], who: Caller = ASSISTANT) -> int:
    made = await Proposals(desk.doors, [PLAN]).propose(
        who, Proposal(plans.NAME, body["account_ref"], body, "rang us", who.subject)
    )
    number: int = made["id"]
    return number


async def approve(desk: Desk, number: int, who: Caller = LEAD) -> str:
    answer = await Proposals(desk.doors, [PLAN]).approve(who, number, "agreed")
    plan_id: str = answer["answer"]["plan_id"]
    return plan_id


async def agree(desk: Desk, *charges: str, ref: str = REF) -> str:
    """Propose and approve a plan; returns its id."""
    return await approve(desk, await propose(desk, await offered(desk, *charges, ref=ref)))


async def end(desk: Desk, plan_id: str) -> dict[str, Any]:
    content = {"plan_id": plan_id, "reason": "pays at once"}
    given = Given(plans.END, plan_id, "officer-7", content["reason"], content)
    return await give(desk.doors, given, lambda work: plans.end(work, content))


async def changes(desk: Desk) -> list[tuple[str, str]]:
    """Return each change of a plan that was said: its day and state."""
    said: list[PlanChanged] = await desk.said(topics.PLAN_CHANGED)
    return [(str(one.changed_on), one.state) for one in said]


async def tell(desk: Desk, *items: OpenItem) -> None:
    """Billing says what is open."""
    await desk.hear(topics.ITEMS_CHANGED, items_changed(*items))


async def standing(desk: Desk) -> list[tuple[str, str]]:
    """Return the holds of plans that stand: kind and charge."""
    rows = await desk.rows(
        "select kind, charge_id from arrears.holds where ended_on is null and set_by = 'plan' order by 2"
    )
    return [tuple(row) for row in rows]
