"""Routes of old debt: what prescribes soon, and what set it back, recorded and withdrawn by officers."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.billing.api.common import AsOf, Staff, as_json
from services.billing.domain.prescription import InterruptionGround
from services.billing.usecases import interruptions, prescription_questions
from shared.auth import Caller, requires
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.types import Id, Text

Officer = Annotated[Caller, requires("lead-officer", "finance")]
Months = Annotated[int, Query(ge=0, le=60, description="List what prescribes within so many months.")]


class InterruptionRequest(WithReason):
    """What set debts back, on which day, and what proves it; no charges: all that is open and was due by then."""

    account_ref: Id
    interrupted_on: date
    ground: InterruptionGround
    evidence: Text
    charge_ids: tuple[Id, ...] = ()


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of old debt."""

    @router.get("/prescription")
    async def prescribing(_caller: Staff, within: Months = 12, as_of: AsOf = None) -> Response:
        """Return open debts that have prescribed or soon do, sums by band tied to the ledger, and all interruptions."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await prescription_questions.old_debt(connection, within, as_of))

    @router.post("/interruptions")
    async def interrupt(asked: InterruptionRequest, caller: Officer, key: Key = None) -> Response:
        """Record what set the prescription of an account's debts back."""
        content = asked.model_dump(mode="json", exclude={"reason"})
        given = Given(interruptions.INTERRUPT, asked.account_ref, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: interruptions.interrupt(work, content)))

    @router.post("/interruptions/{interruption_id}/withdraw")
    async def withdraw(interruption_id: Id, asked: WithReason, caller: Officer, key: Key = None) -> Response:
        """Withdraw an interruption that was recorded by mistake: it counts as never made."""
        content = {"interruption_id": interruption_id}
        subject = f"interruption:{interruption_id}"
        given = Given(interruptions.WITHDRAW, subject, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: interruptions.withdraw(work, content)))
