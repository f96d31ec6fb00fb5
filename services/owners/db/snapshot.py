"""Reading many rows as they stood at one moment."""

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import driver


async def snapshot(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver in a transaction that reads one moment and writes nothing; the session's first statement."""
    await session.execute(text("set transaction isolation level repeatable read, read only"))
    return await driver(session)
