"""Routes of direct debits: mandates, collections announced and listed, and the file two people released."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from services.billing.api.common import Matcher, Staff, as_json
from services.billing.usecases import direct_debit_questions, direct_debits, mandates
from services.billing.usecases.mandates import MandateId
from shared.auth import Caller, requires
from shared.bus.bodies import WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.types import Id, Text

Collector = Annotated[Caller, requires("lead-officer", "finance")]


class MandateRequest(WithReason):
    """An owner's instruction, by the bureau's name for it, and where the paper is."""

    account_ref: Id
    mandate_id: MandateId


class CancelRequest(WithReason):
    """Why a mandate is no more; with the bank's code, as ``addacs-1``, where the bank told so outside a return."""

    bank_code: Text | None = None


class CollectionRequest(WithReason):
    """The day money is to be taken."""

    collect_on: date


def add(router: APIRouter, doors: Doors) -> None:
    """Add the routes of direct debits."""
    _mandates(router, doors)
    _collections(router, doors)


def _mandates(router: APIRouter, doors: Doors) -> None:
    @router.get("/mandates")
    async def every(_caller: Staff) -> Response:
        """Return every mandate: whose, since when, and whether it stands, was cancelled or ended by the bank."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await mandates.worklist(connection))

    @router.post("/mandates")
    async def set_mandate(asked: MandateRequest, caller: Matcher, key: Key = None) -> Response:
        """Let an account be collected from."""
        content = asked.model_dump(exclude={"reason"})
        given = Given(mandates.SET, asked.account_ref, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: mandates.set_mandate(work, content)))

    @router.post("/mandates/{mandate_id}/cancel")
    async def cancel(mandate_id: Id, asked: CancelRequest, caller: Matcher, key: Key = None) -> Response:
        """Cancel a mandate: nothing that is not released yet is taken by it."""
        # Without what was not asked: a key that was used before there were codes still names the same command.
        content = {"mandate_id": mandate_id} | asked.model_dump(exclude={"reason"}, exclude_none=True)
        given = Given(mandates.CANCEL, mandate_id, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: mandates.cancel_mandate(work, content)))


def _collections(router: APIRouter, doors: Doors) -> None:
    @router.get("/collections")
    async def every(_caller: Staff) -> Response:
        """Return every collection, the newest first."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await direct_debit_questions.worklist(connection))

    @router.post("/collections")
    async def announce(asked: CollectionRequest, caller: Collector, key: Key = None) -> Response:
        """Tell owners with a mandate what a day will take, ten working days or more before."""
        content = direct_debits.to_announce(asked.collect_on)
        given = Given(direct_debits.ANNOUNCE, "direct-debit", caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: direct_debits.announce(work, content)))

    @router.get("/collections/{collection_id}")
    async def show(collection_id: Id, _caller: Staff) -> Response:
        """Return what each owner was told of a collection, and who was passed over why."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await direct_debit_questions.show(connection, collection_id))

    @router.get("/collections/{collection_id}/file")
    async def file(collection_id: Id, _caller: Collector) -> Response:
        """Return the bureau's file of a released collection, the same bytes every time."""
        async with snapshot(doors.sessions) as connection:
            text = await direct_debit_questions.file(connection, collection_id)
        return Response(text, media_type="text/csv; charset=utf-8")
