"""Staff commands: each takes effect once, and is recorded with its effect: who, why, in which book, with what answer.

The record is a row of the event log that is never relayed, so a rebuild finds it in order with what the service said.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg

from shared.bus import audit, intake
from shared.bus.refusals import NotNowError
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.uid import event_uid
from shared.log_events import LogEvent
from shared.logs import log

_EARLIER = "select body from msg.event_log where event_uid = $1"
_RECORD = """
insert into msg.event_log (event_uid, topic, msg_key, type, aggver, book, body) values ($1, $2, $3, $4, 1, $5, $6)
"""

Json = dict[str, Any]
Effect = Callable[[Work], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Given:
    """A command as a person gave it; ``content`` is all that its use case needs to take effect again.

    ``key`` is the caller's Idempotency-Key, else a name of our own; ``approved_by`` is the second person, if any.
    """

    kind: str
    subject: str
    who: str
    why: str
    content: Json = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid4().hex)
    approved_by: str | None = None

    @property
    def cause(self) -> Cause:
        """The command as the cause of events; an approved one is named by its proposal, whoever proposed it."""
        return Cause("proposal" if self.approved_by else f"staff/{self.who}", self.key)

    @property
    def uid(self) -> UUID:
        """The command's name for ever."""
        return event_uid(self.cause.source, self.cause.id)


class Command(NamedTuple):
    """A command that is taking effect, by its name: what a use case names as the cause of what it writes."""

    uid: UUID
    source: str
    id: str
    type: str

    @classmethod
    def of(cls, work: Work) -> "Command":
        """Return the command whose work this is."""
        source, name = work.cause.source, work.cause.id
        return cls(event_uid(source, name), source, name, f"{topic_of(work.service)}.v1")


def named(key: str | None) -> dict[str, str]:
    """Return the caller's Idempotency-Key as an argument of ``Given``; without one each command is a new one."""
    return {} if key is None else {"key": key}


def topic_of(service: str) -> str:
    """Return the topic under which a service's event log keeps its commands; there is none by that name in Kafka."""
    return f"{service}.command-given"


async def give(
    doors: Doors,
    given: Given,
    effect: Effect,
    event: LogEvent = LogEvent.STAFF_COMMAND,
    written: frozenset[str] = frozenset(),
) -> Json:
    """Let a command take effect through the gate, once, and return its answer; given again, the same answer.

    What took effect is logged as ``event``: which command, about what, by whom, approved by whom; never its content.
    ``written`` names what of a proposal's body the service wrote, which may be otherwise when it is given again.
    Raises ``NotNowError`` when the key was used for another command, ``GateClosedError`` while a day is being worked.
    An ``effect`` that raises leaves nothing behind.
    """
    async with doors.command(given.cause) as work:
        await work.lock(exclusive=[f"command:{given.uid}"])
        connection = await driver(work.session)
        earlier = await connection.fetchval(_EARLIER, given.uid)
        if earlier is not None:
            return _same_answer(given, json.loads(earlier), written)
        answer: Json = json.loads(json.dumps(await effect(work), default=str))
        head = await record(connection, work, given, answer)
    log(event, command=given.kind, subject=given.subject, who=given.who, approved_by=given.approved_by, audit_head=head)
    return answer


def _same_answer(given: Given, earlier: Json, written: frozenset[str]) -> Json:
    """Return what the command was answered before, if it is the same command."""
    now = _identity(given)
    before = {name: earlier[name] for name in now}
    if _asked(before, written) != _asked(now, written):
        raise NotNowError("This Idempotency-Key was used for another command; use a new key for a new command.")
    answer: Json = earlier["answer"]
    return answer


def _asked(identity: Json, written: frozenset[str]) -> Json:
    """Return what a person asked for: a command without what the service wrote into the proposal that it makes."""
    if not written:
        return identity
    content = identity["content"]
    body = {name: value for name, value in content.get("body", {}).items() if name not in written}
    return identity | {"content": content | {"body": body}}


def _identity(given: Given) -> Json:
    """Return what makes two commands the same, as JSON keeps it."""
    named = {"kind": given.kind, "subject": given.subject, "who": given.who, "why": given.why, "content": given.content}
    identity: Json = json.loads(json.dumps(named, default=str))
    return identity


async def record(connection: asyncpg.Connection, work: Work, given: Given, answer: Json) -> str:
    """Keep the command in the event log and in the audit; returns the head of the audit's chain."""
    told = {"approved_by": given.approved_by, "key": given.key, "book": str(work.book), "answer": answer}
    record = _identity(given) | told
    topic = topic_of(work.service)
    body = json.dumps(record, ensure_ascii=False)
    await connection.execute(_RECORD, given.uid, topic, str(given.uid), f"{topic}.v1", work.book, body.encode())
    intake.note_command(work, str(given.uid), body)
    detail = {"command": given.uid, "book": work.book, "content": given.content, "answer": answer}
    return await audit.note(connection, given.who, given.kind, given.subject, given.why, detail, given.approved_by)
