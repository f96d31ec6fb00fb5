"""Routes of notices of potential liability: who warrants one, what is to be renewed, and what officers note."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from services.arrears.api.common import LeadOfficer, Officer, Staff
from services.arrears.domain.notice_steps import DECISIONS
from services.arrears.usecases import notice_corrections, notice_questions, notices
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.refusals import NotAllowedError
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.arrears import NoticeStep
from shared.events.types import Id, Text

_DECIDER = "lead-officer"
Lapsed = Annotated[bool, Query(description="Instead every one that expired unrenewed, seen to or not.")]


class NoteRequest(WithReason):
    """Note what happened to a notice, or what was decided of it."""

    step: NoticeStep
    on: date | None = Field(default=None, description="When it happened, if that was earlier.")
    reference: Text | None = Field(default=None, description="What the Registers call it: of a registration.")


class BackRequest(WithReason):
    """Take back the newest step of a notice, which was noted in error."""

    step: NoticeStep = Field(description="The step that is meant: it has to be the newest.")


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of notices; that one is approved is a proposal of the kind ``notice``."""

    @router.get("/notices")
    async def list_notices(_caller: Staff, *, lapsed: Lapsed = False) -> list[dict[str, Any]]:
        """List the notices that somebody has something to do with, the most pressing first; or those that lapsed."""
        async with snapshot(doors.sessions) as connection:
            return await notice_questions.worklist(connection, lapsed=lapsed)

    @router.get("/notices/{notice_id}")
    async def show_notice(notice_id: Id, _caller: Staff) -> dict[str, Any]:
        """Return one notice with all that happened to it, by whom and why."""
        async with snapshot(doors.sessions) as connection:
            return await notice_questions.show(connection, notice_id)

    @router.post("/notices/{notice_id}/steps")
    async def note_step(notice_id: Id, asked: NoteRequest, caller: Officer, key: Key = None) -> dict[str, Any]:
        """Note a step; to consent, to let a notice expire, or that a breach is done with, the lead officer decides."""
        if asked.step in DECISIONS and _DECIDER not in caller.roles:
            raise NotAllowedError(f"To decide on {asked.step.value} needs the role {_DECIDER}.")
        content = asked.model_dump(mode="json") | {"notice_id": notice_id, "by": caller.subject}
        given = Given(notices.NOTE, notice_id, caller.subject, asked.reason, content, **named(key))
        return await give(doors, given, lambda work: notices.note(work, content))

    @router.post("/notices/{notice_id}/take-back")
    async def take_back(notice_id: Id, asked: BackRequest, caller: LeadOfficer, key: Key = None) -> dict[str, Any]:
        """Take the newest step back; the notice stands as it did before it, and the right one may be noted."""
        content = asked.model_dump(mode="json") | {"notice_id": notice_id, "by": caller.subject}
        given = Given(notice_corrections.TAKE_BACK, notice_id, caller.subject, asked.reason, content, **named(key))
        return await give(doors, given, lambda work: notice_corrections.take_back(work, content))
