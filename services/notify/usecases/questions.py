"""What people ask of notify."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.db import questions
from services.notify.domain import dispatch
from shared.bus.transaction import Sessions
from shared.db.engine import driver
from shared.log_events import LogEvent
from shared.logs import log

MOST_DUE = 1000


async def list_letters(session: AsyncSession, account_ref: str | None, limit: int) -> list[dict[str, Any]]:
    """Return every message with its channel, state and hash; of one account, if its reference is given."""
    return await questions.list_messages(await driver(session), account_ref, limit)


async def read_content(session: AsyncSession, message_id: UUID, reader: str) -> tuple[str, bytes | None] | None:
    """Return what was sent (nothing after erasure) and keep who looked; None when there is no such message."""
    found = await questions.read_content(await driver(session), message_id, reader)
    if found is not None:
        log(LogEvent.STAFF_COMMAND, command="read-message", subject=reader, message_id=str(message_id))
    return found


async def list_due(session: AsyncSession) -> dict[str, Any]:
    """Return what still moves: messages due and not handed over, and ends not yet said and acknowledged."""
    connection = await driver(session)
    listed = await questions.list_due(connection, MOST_DUE)
    return {"due": len(listed) + await questions.count_to_say(connection), "messages": listed}


async def mail_status(sessions: Sessions, *, enabled: bool, outage: bool) -> dict[str, object]:
    """Return how many messages stand in each state, and whether the mail server answers, for the status page."""
    async with sessions.begin() as session:
        states = await questions.count_states(await driver(session))
    return {"mail": {"sending": enabled, "server_answers": not outage, "messages": dispatch.counts(states)}}
