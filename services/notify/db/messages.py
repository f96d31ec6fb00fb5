"""Messages: queued when rendered, claimed under a lease, ended once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.db.spacing import FREE, OPEN_BOOK
from services.notify.domain.dispatch import FINAL, State, Step
from shared.db import copy_rows
from shared.events.owners import ContactKind

_MESSAGE_COLUMNS = (
    "message_id", "letter_no", "account_id", "account_ref", "template", "template_version", "channel", "contact_kind",
    "contact_id", "mailbox", "dated_on", "created_on", "sha256", "state",
)  # fmt: skip
_CLAIM_MAILS = f"""
update notify.messages as message set state = 'claimed', claim = $1, lease_until = now() + $2
from (select message_id from notify.messages as message
      where channel = 'email' and state in ('queued', 'deferred', 'unknown') and due_at <= now() and {FREE}
      order by due_at, message_id limit $3 for update skip locked) as due,
  notify.letters as letter
where message.message_id = due.message_id and letter.letter_no = message.letter_no
returning message.message_id, message.account_id, message.template, message.mailbox, message.letter_no,
  message.attempts, message.silences, letter.correlation_id
"""  # noqa: S608 - ours
_TO_PRINT = f"channel = 'print' and state in ('queued', 'deferred') and due_at <= now() and {FREE}"
_CLAIM_PRINTS = f"""
update notify.messages as message set state = 'claimed', claim = $1, lease_until = now() + $2
from (select message_id from notify.messages as message
      where {_TO_PRINT} and created_on = (select min(created_on) from notify.messages as message where {_TO_PRINT})
      order by message_id limit $3 for update skip locked) as due
where message.message_id = due.message_id
returning lease_until
"""  # noqa: S608 - ours
_RECLAIM_PRINTS = """
update notify.messages set lease_until = now() + $1
where state = 'claimed' and claim = (
  select claim from notify.messages
  where channel = 'print' and state = 'claimed' and lease_until < now() order by claim, message_id limit 1 for update)
returning claim as batch, lease_until as until
"""
_CLAIMED_PRINTS = """
select distinct claim from notify.messages where channel = 'print' and state = 'claimed' and claim = any($1)
"""
_RENEW_PRINTS = """
update notify.messages set lease_until = now() + $3 where claim = $1 and state = 'claimed' and lease_until = $2
returning lease_until
"""
_BATCH = """
select message.message_id, message.account_id, message.account_ref, message.template, message.template_version,
  message.dated_on, message.created_on, message.sha256, message.letter_no, letter.correlation_id, content.body
from notify.messages as message join notify.contents as content using (message_id)
join notify.letters as letter using (letter_no)
where message.claim = $1 and message.state = 'claimed' order by message.account_ref, message.message_id
"""
_BEGIN = """
update notify.messages set state = 'sending', lease_until = now() + $3, first_tried_at = coalesce(first_tried_at, now())
where message_id = $1 and claim = $2 and state = 'claimed' and lease_until > now()
returning (select body from notify.contents where contents.message_id = messages.message_id) as body,
  now() - first_tried_at as tried_for
"""
_END = f"""
update notify.messages set state = $3, due_at = now() + $4, lease_until = null, claim = null, last_answer = $5,
  attempts = attempts + 1, silences = silences + $6, sent_at = case when $3 = 'handed-over' then now() else sent_at end,
  handed_in = case when $3 = 'handed-over' then {OPEN_BOOK} end
where message_id = $1 and claim = $2 and state in ('claimed', 'sending')
"""  # noqa: S608 - ours
_END_BATCH = f"""
update notify.messages set state = $2, due_at = now() + $3, lease_until = null, last_answer = $4,
  claim = case when $2 = 'handed-over' then claim end,
  attempts = attempts + 1, sent_at = case when $2 = 'handed-over' then now() else sent_at end,
  handed_in = case when $2 = 'handed-over' then {OPEN_BOOK} end
where claim = $1 and state = 'claimed' and lease_until = $5
returning message_id
"""  # noqa: S608 - ours
_RELEASE = """
update notify.messages set
  state = case when silences > 0 then 'unknown' else 'queued' end, claim = null, lease_until = null
where claim = $1 and state = 'claimed'
"""
_RECOVER = """
update notify.messages set
  state = case when state = 'claimed' then 'queued' when silences = 0 then 'unknown' else 'failed' end,
  due_at = case when state = 'claimed' then now() else now() + $1 end,
  silences = silences + case when state = 'sending' then 1 else 0 end,
  last_answer = case when state = 'sending' then 'the sender died' else last_answer end,
  claim = null, lease_until = null
where channel = 'email' and state in ('claimed', 'sending') and lease_until < now()
returning message_id, account_id, state
"""
_RESUME = """
update notify.messages set due_at = now()
where channel = 'email' and state = 'deferred' and last_answer = 'no-connection' and due_at > now()
"""
_UNSAID = """
select message.message_id, message.account_id, message.template, message.channel, message.dated_on, message.sha256,
  message.state, message.last_answer, letter.cause_source, letter.cause_id, letter.correlation_id
from notify.messages as message join notify.letters as letter using (letter_no)
where not message.said and message.state in ('handed-over', 'bounced', 'failed')
order by message.message_id limit $1 for update of message skip locked
"""
_HAS_UNSAID = """
select exists (select from notify.messages where not said and state in ('handed-over', 'bounced', 'failed'))
"""
_SAID = "update notify.messages set said = true where message_id = any($1)"
_MATTERS = "select letter_no, matter::text from notify.letters where letter_no = any($1)"
_ENDED = ", ".join(f"'{state}'" for state in sorted(FINAL))
PURGE = f"""
with old as (
  update notify.messages set mailbox = null, blanked = true
  where created_on <= $1 and not blanked and state in ({_ENDED})
  returning message_id
)
update notify.contents as content set body = null from old
where content.message_id = old.message_id and content.body is not null
"""  # noqa: S608 - the states are ours
"""Letters written by then whose end is known: what they said, and where to; the hash and the rest stay."""
_WITHDRAW = """
with pending as (
  select message.message_id, message.account_id from notify.messages as message
  join unnest($1::text[], $2::text[]) as erased(kind, contact_id)
    on message.contact_kind = erased.kind and message.contact_id = erased.contact_id
  where message.state in ('queued', 'deferred', 'unknown', 'claimed')
), blanked as (
  update notify.messages as message set mailbox = null,
    state = case when state in ('queued', 'deferred', 'unknown', 'claimed') then 'withdrawn' else state end,
    last_answer = case when state in ('queued', 'deferred', 'unknown', 'claimed') then 'erased' else last_answer end
  from unnest($1::text[], $2::text[]) as erased(kind, contact_id)
  where message.contact_kind = erased.kind and message.contact_id = erased.contact_id
  returning message.message_id
), emptied as (
  update notify.contents as content set body = null from blanked where content.message_id = blanked.message_id
)
select message_id, account_id from pending order by message_id
"""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A rendered message with its content.  Personal data."""

    message_id: UUID
    letter_no: int
    account_id: str
    account_ref: str
    template: str
    template_version: str
    channel: str
    contact_kind: str
    contact_id: str
    mailbox: str | None
    dated_on: date
    created_on: date
    sha256: bytes
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """An e-mail that this sender may hand over; without a mailbox its owner was erased meanwhile.  Personal data."""

    message_id: UUID
    account_id: str
    template: str
    mailbox: str | None
    letter_no: int
    attempts: int
    silences: int
    correlation_id: str


@dataclass(frozen=True, slots=True)
class PrintMessage:
    """A letter to lay out for printing.  Personal data in ``body``."""

    message_id: UUID
    account_id: str
    account_ref: str
    template: str
    template_version: str
    dated_on: date
    created_on: date
    sha256: bytes
    letter_no: int
    correlation_id: str
    body: bytes | None


@dataclass(slots=True)
class PrintLease:
    """A batch of letters in one printer's hands ``until`` then; whoever takes it over has another end."""

    batch: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that came to its end and has not been said yet."""

    message_id: UUID
    account_id: str
    template: str
    channel: str
    dated_on: date
    sha256: bytes
    state: State
    last_answer: str
    cause_source: str
    cause_id: str
    correlation_id: str


async def add_messages(session: AsyncSession, messages: Sequence[NewMessage]) -> None:
    """Queue rendered messages with their contents."""
    await copy_rows(
        session, "notify.messages", _MESSAGE_COLUMNS,
        [
            (m.message_id, m.letter_no, m.account_id, m.account_ref, m.template, m.template_version, m.channel,
             m.contact_kind, m.contact_id, m.mailbox, m.dated_on, m.created_on, m.sha256, State.QUEUED.value)
            for m in messages
        ],
    )  # fmt: skip
    contents = [(m.message_id, m.media_type, m.body) for m in messages]
    await copy_rows(session, "notify.contents", ("message_id", "media_type", "body"), contents)


async def claim_mails(connection: asyncpg.Connection, claim: str, lease: timedelta, limit: int) -> list[ClaimedMail]:
    """Take e-mails that are due and free to leave, oldest first; nobody else sends them while the lease runs."""
    rows = await connection.fetch(_CLAIM_MAILS, claim, lease, limit)
    return sorted((ClaimedMail(**dict(row)) for row in rows), key=lambda mail: mail.message_id)


async def claim_prints(connection: asyncpg.Connection, batch: str, lease: timedelta, limit: int) -> PrintLease | None:
    """Take letters of one day that are free to leave, as one batch to print; none: there are no such letters."""
    until = await connection.fetchval(_CLAIM_PRINTS, batch, lease, limit)
    return None if until is None else PrintLease(batch, until)


async def reclaim_prints(connection: asyncpg.Connection, lease: timedelta) -> PrintLease | None:
    """Take over a batch whose printer died, or has stood still for as long as its lease."""
    row = await connection.fetchrow(_RECLAIM_PRINTS, lease)
    return None if row is None else PrintLease(**dict(row))


async def renew_prints(connection: asyncpg.Connection, held: PrintLease, lease: timedelta) -> bool:
    """Lengthen the lease of a batch; false: another has taken it over."""
    until = await connection.fetchval(_RENEW_PRINTS, held.batch, held.until, lease)
    held.until = until or held.until
    return until is not None


async def list_batch(connection: asyncpg.Connection, claim: str) -> list[PrintMessage]:
    """Return the letters of a batch, with their content."""
    return [PrintMessage(**dict(row)) for row in await connection.fetch(_BATCH, claim)]


async def begin(
    connection: asyncpg.Connection, message_id: UUID, claim: str, lease: timedelta
) -> tuple[bytes | None, timedelta] | None:
    """Note that the dialogue begins; returns the content and how long it has been tried, None if it is not ours."""
    row = await connection.fetchrow(_BEGIN, message_id, claim, lease)
    return None if row is None else (row["body"], row["tried_for"])


async def end(
    connection: asyncpg.Connection, message_id: UUID, claim: str, step: Step, answer: str, *, silent: bool = False
) -> None:
    """Note what became of an attempt."""
    await connection.execute(_END, message_id, claim, step.state.value, step.wait, answer, int(silent))


async def claimed_prints(connection: asyncpg.Connection, batches: Collection[str]) -> set[str]:
    """Return those of some batches that are in anybody's hands."""
    return {row["claim"] for row in await connection.fetch(_CLAIMED_PRINTS, list(batches))}


async def end_batch(connection: asyncpg.Connection, held: PrintLease, step: Step, answer: str) -> set[UUID]:
    """Note what became of a batch of letters to print, if it is still in these hands; returns of which letters."""
    rows = await connection.fetch(_END_BATCH, held.batch, step.state.value, step.wait, answer, held.until)
    return {row["message_id"] for row in rows}


async def release(connection: asyncpg.Connection, claim: str) -> None:
    """Give back what was claimed and not begun."""
    await connection.execute(_RELEASE, claim)


async def recover(connection: asyncpg.Connection, silence_wait: timedelta) -> list[tuple[UUID, str, State]]:
    """Free e-mails of senders that died: one whose dialogue had begun may have been taken, so it is unknown."""
    rows = await connection.fetch(_RECOVER, silence_wait)
    return [(row["message_id"], row["account_id"], State(row["state"])) for row in rows]


async def resume(connection: asyncpg.Connection) -> None:
    """The mail server answers again: what only waited for it is due now."""
    await connection.execute(_RESUME)


async def load_matters(connection: asyncpg.Connection, letter_nos: Collection[int]) -> dict[int, str]:
    """Return the data behind letters."""
    rows = await connection.fetch(_MATTERS, list(letter_nos))
    return {row["letter_no"]: row["matter"] for row in rows}


async def has_unsaid(connection: asyncpg.Connection) -> bool:
    """Tell whether there is any end to be said."""
    return bool(await connection.fetchval(_HAS_UNSAID))


async def lock_unsaid(connection: asyncpg.Connection, limit: int) -> list[Ended]:
    """Return messages whose end is to be said, locked until the transaction ends."""
    rows = await connection.fetch(_UNSAID, limit)
    return [Ended(**(dict(row) | {"state": State(row["state"])})) for row in rows]


async def mark_said(connection: asyncpg.Connection, message_ids: Collection[UUID]) -> None:
    """Note that the ends of these messages were said."""
    await connection.execute(_SAID, list(message_ids))


async def withdraw(
    connection: asyncpg.Connection, erased: Collection[tuple[ContactKind, str]]
) -> list[tuple[UUID, str]]:
    """Blank everything written to erased contacts; returns what had not gone out and is withdrawn, with its account."""
    rows = await connection.fetch(_WITHDRAW, [kind for kind, _ in erased], [contact_id for _, contact_id in erased])
    return [(row["message_id"], row["account_id"]) for row in rows]
