"""Door 2, people: which letters were written and what became of them, what they said, and the proof."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.notify.usecases import questions
from services.notify.usecases.verify import verify
from shared.auth import EVERYBODY, Caller, requires
from shared.db.engine import snapshot
from shared.web_errors import declared

READERS = ("assistant", "lead-officer", "admin-team", "auditor")
PROVERS = ("lead-officer", "finance", "board", "auditor", "operator")

Staff = Annotated[Caller, requires(*EVERYBODY)]
Reader = Annotated[Caller, requires(*READERS)]
Prover = Annotated[Caller, requires(*PROVERS)]
Reference = Annotated[str | None, Query(description="Only this account's.", max_length=64)]
Limit = Annotated[int, Query(ge=1, le=1_000_000)]


def routes(sessions: async_sessionmaker[AsyncSession]) -> APIRouter:
    """Return the questions notify answers."""
    router = APIRouter()

    @router.get("/letters")
    async def letters(_caller: Staff, account: Reference = None, limit: Limit = 1_000_000) -> list[dict[str, Any]]:
        """Return every message with its channel, state and the hash of what was sent."""
        async with sessions.begin() as session:
            return await questions.list_letters(session, account, limit)

    @router.get("/messages/{message_id}/content", responses=declared(410))
    async def content(message_id: UUID, caller: Reader) -> Response:
        """Return the exact bytes that were sent or printed; who looked is kept."""
        async with sessions.begin() as session:
            found = await questions.read_content(session, message_id, caller.subject)
        if found is None:
            raise HTTPException(404, "There is no such message.")
        media_type, body = found
        if body is None:
            raise HTTPException(410, "The content was erased.")
        return Response(body, media_type=media_type, headers={"content-disposition": "attachment"})

    @router.get("/due")
    async def due(_caller: Staff) -> dict[str, Any]:
        """Return what still moves: messages due and not handed over, and ends not yet said."""
        async with sessions.begin() as session:
            return await questions.list_due(session)

    @router.get("/verify")
    async def proof(_caller: Prover) -> dict[str, Any]:
        """Return whether every letter asked for was written once and every message came to its end; no money here."""
        async with snapshot(sessions) as connection:
            checks = await verify(connection)
        return {"checks": [check.as_json() for check in checks], "sums": {}}

    return router
