"""Routes of accounts: who is overdue and why (not) chased, the figures of the last closed day, the proof."""

from typing import Any

from fastapi import APIRouter

from services.arrears.api.common import Reader
from services.arrears.usecases import questions
from services.arrears.usecases.verify import verify
from shared.bus.transaction import Doors
from shared.db.engine import snapshot


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions about accounts."""

    @router.get("/arrears")
    async def list_arrears(_caller: Reader) -> list[dict[str, Any]]:
        """List the accounts overdue at the last closed day, with stage, holds and the reason for the next step."""
        async with doors.sessions() as session:
            return await questions.overdue_accounts(session)

    @router.get("/summary")
    async def summarise(_caller: Reader) -> dict[str, Any]:
        """Return what is open by age at the last closed day, and the letters by stage."""
        async with doors.sessions() as session:
            return await questions.summary(session)

    @router.get("/verify")
    async def proof(_caller: Reader) -> dict[str, Any]:
        """Check the records against themselves; return the sums that billing's must equal."""
        async with snapshot(doors.sessions) as connection:
            return await verify(connection)
