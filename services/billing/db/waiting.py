"""What the bus holds for things that became known in this very transaction."""

from collections.abc import Iterable

import asyncpg


async def overtaken(connection: asyncpg.Connection, names: Iterable[str], just_known: Iterable[str]) -> set[str]:
    """Return those of the things named that are known since a moment ago, and that earlier events still wait for.

    An event about such a thing waits too: it must not overtake the earlier ones of its key, which are let go next.
    """
    new = set(just_known).intersection(names)
    if not new:
        return set()
    rows = await connection.fetch("select distinct needs from msg.held where needs = any($1::text[])", list(new))
    return {row["needs"] for row in rows}
