"""What staff and the command line ask: lists of messages, their content, what is due, and the proof."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.notify.db.spacing import FREE

_LIST = """
select message_id, account_ref, template, channel, state, created_on, sent_at, sha256
from notify.messages where ($1::text is null or account_ref = $1)
order by created_on, template, account_ref, message_id limit $2
"""
_CONTENT = """
select media_type, body from notify.contents where message_id = $1
"""
_NOTE_READ = "insert into notify.content_reads (message_id, reader) values ($1, $2)"
_DUE = f"""
select message_id, account_ref, template, channel, state, due_at from notify.messages as message
where (state in ('queued', 'deferred', 'unknown') and due_at <= now() and {FREE}) or state in ('claimed', 'sending')
  or (state = 'deferred' and last_answer = 'no-connection')
order by due_at, message_id limit $1
"""  # noqa: S608 - ours
_TO_SAY = """
select (select count(*) from notify.messages where not said and state in ('handed-over', 'bounced', 'failed'))
  + (select count(*) from msg.outbox_pending join msg.event_log using (seq) where topic like 'notify.message-%')
"""
_STATES = "select state, count(*) as count from notify.messages group by state"
_QUEUE = f"""
select state, count(*) as count,
  greatest(extract(epoch from now() - min(coalesce(first_tried_at, due_at)) filter (where free)), 0)::float8 as seconds
from (
  select state, first_tried_at, due_at, {FREE} as free from notify.messages as message
  where state in ('queued', 'deferred', 'unknown')
  union all
  select state, first_tried_at, due_at, true from notify.messages where state in ('claimed', 'sending')
) as waiting group by state
"""  # noqa: S608 - ours
# Each half has a partial index; only what waits is read. A reminder that keeps its distance is not late.
_NOT_RENDERED = """
select dedup_key, reason from notify.letters
where state = 'wanted' and book <= $1 and (due_on <= $1 or reason like 'missing%')
order by letter_no limit 1
"""
_WAITING = "select count(*) from notify.letters where state = 'waiting'"
_NO_MESSAGE = """
select dedup_key from notify.letters as letter where state = 'rendered'
  and not exists (select from notify.messages as message where message.letter_no = letter.letter_no)
order by letter_no limit 1
"""
_STUCK = """
select message_id::text, state from notify.messages
where state in ('claimed', 'sending') and (lease_until is null or lease_until < now() - interval '10 minutes')
order by message_id limit 1
"""
_TWICE = """
select letter_no::text from notify.messages
group by letter_no, contact_kind, contact_id having count(*) > 1 order by letter_no limit 1
"""
_SAID_WRONG = """
select message.message_id::text from notify.messages as message
left join (select msg_key, count(*) as times from msg.event_log
           where topic in ('notify.message-sent', 'notify.message-failed') group by msg_key) as log
  on log.msg_key = message.message_id::text
where (message.said and coalesce(times, 0) <> 1) or (not message.said and times is not null)
order by message.message_id limit 1
"""
_UNSENT_SAID = """
select log.msg_key from msg.event_log as log
where log.topic in ('notify.message-sent', 'notify.message-failed')
  and not exists (select from notify.messages as message where message.message_id::text = log.msg_key)
order by log.msg_key limit 1
"""


async def list_messages(connection: asyncpg.Connection, account_ref: str | None, limit: int) -> list[dict[str, Any]]:
    """Return messages in order of day, template and account."""
    rows = await connection.fetch(_LIST, account_ref, limit)
    return [
        {
            "message_id": str(row["message_id"]),
            "account_ref": row["account_ref"],
            "template": row["template"],
            "channel": row["channel"],
            "state": row["state"],
            "created_on": row["created_on"].isoformat(),
            "sent_at": _instant(row["sent_at"]),
            "sha256": bytes(row["sha256"]).hex(),
        }
        for row in rows
    ]


async def read_content(
    connection: asyncpg.Connection, message_id: UUID, reader: str
) -> tuple[str, bytes | None] | None:
    """Return a message's media type and bytes (blank after erasure), and note who looked; None if there is none."""
    row = await connection.fetchrow(_CONTENT, message_id)
    if row is None:
        return None
    await connection.execute(_NOTE_READ, message_id, reader)
    return row["media_type"], row["body"]


async def list_due(connection: asyncpg.Connection, limit: int) -> list[dict[str, Any]]:
    """Return messages due and not handed over, in a sender's hands, or kept only by a mail server that is away."""
    return [
        {
            "message_id": str(row["message_id"]),
            "account_ref": row["account_ref"],
            "template": row["template"],
            "channel": row["channel"],
            "state": row["state"],
            "due_at": _instant(row["due_at"]),
        }
        for row in await connection.fetch(_DUE, limit)
    ]


async def count_to_say(connection: asyncpg.Connection) -> int:
    """Return how many ends of messages are not yet said or not yet acknowledged by the broker."""
    return int(await connection.fetchval(_TO_SAY))


async def count_states(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how many messages stand in each state."""
    return {row["state"]: row["count"] for row in await connection.fetch(_STATES)}


async def queue(connection: asyncpg.Connection) -> tuple[dict[str, int], float]:
    """Return how many messages stand in each state that is no end, and how long the oldest that may leave has (s)."""
    rows = await connection.fetch(_QUEUE)
    return {row["state"]: row["count"] for row in rows}, max((row["seconds"] for row in rows), default=0.0)


async def find_not_rendered(connection: asyncpg.Connection, day: date) -> str | None:
    """Return the first letter of a closed book that is due and not rendered, and why."""
    row = await connection.fetchrow(_NOT_RENDERED, day)
    return None if row is None else f"{row['dedup_key']} ({row['reason'] or 'not looked at'})"


async def count_waiting(connection: asyncpg.Connection) -> int:
    """Return how many letters wait for another ownership line."""
    return int(await connection.fetchval(_WAITING))


async def find_without_message(connection: asyncpg.Connection) -> str | None:
    """Return the first rendered letter that no message carries."""
    return await _first(connection, _NO_MESSAGE)


async def find_stuck(connection: asyncpg.Connection) -> str | None:
    """Return the first message whose sender died ten minutes ago and that nobody took over."""
    row = await connection.fetchrow(_STUCK)
    return None if row is None else f"{row['message_id']} ({row['state']})"


async def find_twice(connection: asyncpg.Connection) -> str | None:
    """Return the first letter that has two messages to one recipient."""
    return await _first(connection, _TWICE)


async def find_wrongly_said(connection: asyncpg.Connection) -> str | None:
    """Return the first message whose end was not said exactly once, or was said without being there."""
    return await _first(connection, _SAID_WRONG) or await _first(connection, _UNSENT_SAID)


async def _first(connection: asyncpg.Connection, query: str) -> str | None:
    found: str | None = await connection.fetchval(query)
    return found


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
