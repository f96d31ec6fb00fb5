"""Routes of holds: set, listed, lifted."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.arrears.api.common import Officer, Staff
from services.arrears.usecases import holds, questions
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.events.arrears import HoldKind
from shared.events.types import Id


class HoldRequest(WithReason):
    """Set a hold on an account, or with ``charge_id`` on one charge of it."""

    account_ref: Id
    kind: HoldKind
    charge_id: Id | None = None
    started_on: date | None = Field(default=None, description="Back-dated holds only; else the book it is given in.")
    review_on: date | None = None


class LiftRequest(WithReason):
    """Lift a hold, and why."""


class Hold(BaseModel):
    """A hold as it stands."""

    hold_id: str
    account_id: str
    kind: HoldKind
    charge_id: str | None
    reason: str
    started_on: date
    review_on: date | None
    ended_on: date | None


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of holds."""

    @router.get("/holds")
    async def list_holds(_caller: Staff) -> list[dict[str, Any]]:
        """List every hold with who and why, those that stand first; ``late``: its review day has passed."""
        async with doors.sessions() as session:
            return await questions.list_holds(session)

    @router.post("/holds", status_code=201)
    async def set_hold(asked: HoldRequest, caller: Officer, key: Key = None) -> Hold:
        """Set a hold; letters that it stops are not written from this book on."""
        content = asked.model_dump(mode="json") | {"by": caller.subject}
        given = Given("hold-set", asked.account_ref, caller.subject, asked.reason, content, **named(key))
        return Hold.model_validate(await give(doors, given, lambda work: holds.give_hold(work, content)))

    @router.post("/holds/{hold_id}/lift")
    async def lift_hold(hold_id: Id, asked: LiftRequest, caller: Officer, key: Key = None) -> Hold:
        """Lift a hold; the ladder goes on with the next stage after the days of grace."""
        content = {"hold_id": hold_id, "reason": asked.reason, "by": caller.subject}
        given = Given("hold-lift", hold_id, caller.subject, asked.reason, content, **named(key))
        return Hold.model_validate(await give(doors, given, lambda work: holds.end_hold(work, content)))
