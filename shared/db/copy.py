"""Set-wise writes over the raw driver: COPY for many rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import driver


async def copy_rows(session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows into ``schema.table`` with COPY inside the session's transaction; returns how many.

    COPY knows no ``on conflict``: a key that exists already fails the batch.  JSON columns take text.
    """
    schema, _, name = table.partition(".")
    records = list(rows)
    if not records:
        return 0
    connection = await driver(session)
    await connection.copy_records_to_table(name, schema_name=schema, columns=list(columns), records=records)
    return len(records)
