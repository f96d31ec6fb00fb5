"""The audit: what people did, with who and why, in the transaction of the deed; each row sealed with the one before."""

import hashlib
import json
from typing import Any

import asyncpg

from shared import whence
from shared.db.audit_chain import AS_TEXT

_NOTE = """
insert into msg.audit (who, action, subject, reason, detail, approved_by, from_address)
values ($1, $2, $3, $4, $5::jsonb, $6, $7)
returning encode(hash, 'hex')
"""

_ROWS = f"select id, hash, {AS_TEXT.format(row='entry')} as text from msg.audit as entry order by id"  # noqa: S608 - ours
_UNSEEN = """
select count(*) from msg.event_log as log where log.topic = $1
  and not exists (select from msg.audit where detail->>'command' = log.event_uid::text)
"""
ENTRIES = """
select id, at, who, approved_by, from_address, action, subject, reason, detail, encode(hash, 'hex') as head
from msg.audit
where id > $1 order by id limit $2
"""


async def note(
    connection: asyncpg.Connection, who: str, action: str, subject: str, why: str, detail: dict[str, Any],
    approved_by: str | None = None,
) -> str:  # fmt: skip
    """Add one row, which nothing ever changes or removes; returns the head of the chain with it.

    A deed that somebody asked for over HTTP says from which address the connection came.
    Whoever logs the deed logs the head too: the log lies outside the database, where nobody who owns the tables can
    write the whole chain anew.
    """
    text = json.dumps(detail, default=str)
    head: str = await connection.fetchval(_NOTE, who, action, subject, why, text, approved_by, whence.address())
    return head


async def check(connection: asyncpg.Connection, commands: str) -> dict[str, Any]:
    """Return whether every row is as it was written, and none is missing; ``commands`` is their topic in the event log.

    The chain shows a row that was changed, removed or put in; a removed end shows by its commands.
    """
    rows, head, problem = 0, b"", ""
    async for row in connection.cursor(_ROWS, prefetch=1000):
        rows += 1
        head = hashlib.sha256(head + row["text"].encode()).digest()
        if row["id"] != rows or head != row["hash"]:
            problem = f"audit row {rows} is not as it was written"
            break
    unseen = 0 if problem else await connection.fetchval(_UNSEEN, commands)
    if unseen:
        problem = f"{unseen} commands are not in the audit"
    return {"ok": not problem, "detail": problem, "rows": rows, "head": head.hex()}
