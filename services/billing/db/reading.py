"""Reading for questions: one snapshot, whatever is being posted meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared.db.engine import driver

Sessions = async_sessionmaker[AsyncSession]

LONG_SECONDS = 120.0
"""How long one statement over a whole ledger may take; it reads beside everybody else and locks nothing."""

_OURS = "not exists (select from msg.inbox as heard where heard.event_uid = {}.event_uid)"
OUR_OWN = _OURS.format("fact")
"""A ``fact`` that no event brought: a day's work or a command of people made it, whatever it is called."""
OUR_CREDIT = _OURS.format("credit")
"""The same of a ``credit``."""


@asynccontextmanager
async def snapshot(sessions: Sessions) -> AsyncIterator[asyncpg.Connection]:
    """Open one consistent, read-only view of the database for a whole answer."""
    async with sessions() as session:
        await session.execute(text("set transaction isolation level repeatable read, read only"))
        # An answer that streams waits for whoever reads it.
        await session.execute(text("set local idle_in_transaction_session_timeout = '60s'"))
        await session.execute(text(f"set local statement_timeout = '{LONG_SECONDS:.0f}s'"))
        yield await driver(session)
