"""Routes of disputes: what owners do not accept, recorded and ended by officers."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from services.billing.api.common import Matcher, Staff, as_json
from services.billing.domain.disputes import Outcome
from services.billing.usecases import disputes
from shared.auth import Caller, requires
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.types import Id, PositivePence

Decider = Annotated[Caller, requires("lead-officer", "finance")]


class DisputeRequest(WithReason):
    """What an owner disputes of a charge, and what they say; no amount: all that is open of it."""

    account_ref: Id
    charge_id: Id
    amount_pence: PositivePence | None = None
    raised_on: date | None = Field(default=None, description="When the owner said so, if that was earlier.")


class EndRequest(WithReason):
    """How a dispute ended, and why."""

    outcome: Outcome


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of disputes."""

    @router.get("/disputes")
    async def list_disputes(_caller: Staff) -> Response:
        """Return every dispute with who and why, those that stand first; ``late``: nobody has looked for 28 days."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await disputes.worklist(connection))

    @router.post("/disputes")
    async def raise_dispute(asked: DisputeRequest, caller: Matcher, key: Key = None) -> Response:
        """Ring off what an owner disputes: money passes it over, and it is not chased."""
        content = asked.model_dump(mode="json", exclude={"reason"}, exclude_none=True)
        given = Given(disputes.RAISE, asked.account_ref, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: disputes.raise_dispute(work, content)))

    @router.post("/disputes/{dispute_id}/end")
    async def end_dispute(dispute_id: Id, asked: EndRequest, caller: Decider, key: Key = None) -> Response:
        """End a dispute: upheld (nobody asks for it until its credit comes) or rejected (days of grace follow)."""
        content = disputes.how_ended(dispute_id, asked.outcome)
        given = Given(disputes.END, f"dispute:{dispute_id}", caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: disputes.end_dispute(work, content)))
