"""Reading a query that always has exactly one row."""

import asyncpg


async def only_row(connection: asyncpg.Connection, sql: str, *values: object) -> asyncpg.Record:
    """Return the one row of a query that cannot have none (counts, the gate)."""
    row = await connection.fetchrow(sql, *values)
    assert row is not None, "the query returned no row"
    return row
