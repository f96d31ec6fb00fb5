"""A service's database that can be put back to an earlier state in milliseconds, row by row.

Copying a database a run costs more than the run (measured: ten times as much on a busy machine).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.crashes.states import Rows, question_of, rows_of

_TABLES = """
select schemaname || '.' || tablename as name from pg_tables where schemaname = any($1::text[]) order by 1
"""


class Database:
    """One database, seen by its server's superuser."""

    def __init__(self, connection: asyncpg.Connection, tables: list[str], question: str) -> None:
        self.connection = connection
        self._tables = tables
        self._question = question

    @classmethod
    @asynccontextmanager
    async def opened(cls, service: str, url: str) -> AsyncIterator["Database"]:
        """Lend a service's database; ``url`` names the superuser."""
        connection = await asyncpg.connect(url)
        try:
            rows = await connection.fetch(_TABLES, ["msg", service])
            yield cls(connection, [row["name"] for row in rows], await question_of(connection, service))
        finally:
            await connection.close()

    async def keep(self) -> None:
        """Keep every row there is now."""
        copies = (f'create table kept."{table}" as table {table};' for table in self._tables)
        await self.connection.execute(f"create schema kept; {''.join(copies)}")

    async def restore(self) -> None:
        """Put every row back to what was kept; keys that point elsewhere and triggers are not asked meanwhile."""
        steps = (
            f'delete from {table}; insert into {table} overriding system value table kept."{table}";'
            for table in self._tables
        )
        async with self.connection.transaction():
            await self.connection.execute(f"set local session_replication_role = replica; {''.join(steps)}")

    async def rows(self) -> Rows:
        """Return all that a run has left in it."""
        return rows_of(await self.connection.fetch(self._question))
