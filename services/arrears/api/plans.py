"""Routes of repayment plans: what one may be about, every plan, one with its schedule, and its end."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.arrears.api.common import Officer, Staff
from services.arrears.usecases import plan_questions, plans
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.events.arrears import Frequency
from shared.events.types import Id

Count = Annotated[int, Query(ge=2, le=plans.MOST_INSTALMENTS)]
Charges = Annotated[list[Id] | None, Query(description="Only these charges; absent: everything overdue.")]


class EndRequest(WithReason):
    """End a plan, and why."""


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of plans; one is proposed and approved like everything that needs two people."""

    @router.get("/plan-offer")
    async def offer(
        _caller: Officer, account_ref: Id, instalments: Count, frequency: Frequency, first_on: date,
        charge: Charges = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what a plan may be about now, its schedule, and whose approval it needs; nothing is agreed."""
        terms = plan_questions.Offer(account_ref, instalments, frequency, first_on, tuple(charge or ()))
        async with doors.sessions() as session:
            return await plan_questions.offer(session, terms)

    @router.get("/plans")
    async def list_plans(_caller: Staff) -> list[dict[str, Any]]:
        """List every plan with how far it is paid, those that stand first."""
        async with doors.sessions() as session:
            return await plan_questions.list_plans(session)

    @router.get("/plans/{plan_id}")
    async def show_plan(plan_id: Id, _caller: Staff) -> dict[str, Any]:
        """Return a plan with its debts, its schedule and its changes."""
        async with doors.sessions() as session:
            return await plan_questions.show(session, plan_id)

    @router.post("/plans/{plan_id}/end")
    async def end_plan(plan_id: Id, asked: EndRequest, caller: Officer, key: Key = None) -> dict[str, Any]:
        """End a plan that stands; the ladder goes on with the next stage after the days of grace."""
        content = {"plan_id": plan_id, "reason": asked.reason}
        given = Given(plans.END, plan_id, caller.subject, asked.reason, content, **named(key))
        return await give(doors, given, lambda work: plans.end(work, content))
