"""The audit: what people did, with who and why, in the transaction of the deed."""

import json
from typing import Any

import asyncpg

_NOTE = """
insert into msg.audit (who, action, subject, reason, detail, approved_by) values ($1, $2, $3, $4, $5::jsonb, $6)
"""


async def note(
    connection: asyncpg.Connection, who: str, action: str, subject: str, why: str, detail: dict[str, Any],
    approved_by: str | None = None,
) -> None:  # fmt: skip
    """Add one row; nothing ever changes or removes it."""
    await connection.execute(_NOTE, who, action, subject, why, json.dumps(detail, default=str), approved_by)
