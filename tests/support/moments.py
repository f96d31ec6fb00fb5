"""A question asked while somebody else writes: whether its whole answer is of one moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.db import driver
from tests.support.bus import eventually
from tests.support.desk import ServiceDesk

Answer = TypeVar("Answer")
_WAITS = "select from pg_locks where not granted and relation = $1::text::regclass"


async def asked_while(desk: ServiceDesk, table: str, change: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return the answer to a question that has read other tables already, and gets to ``table`` after a change."""
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        await connection.execute(f"lock table {table} in access exclusive mode")
        answer = asyncio.ensure_future(ask())
        await eventually(lambda: desk.rows(_WAITS, table))
        await connection.execute(change)
    return await answer
