"""What a fault leaves besides the books: letters, people's hands, the log that tells of it, the audit's chain.

``assert_invariants`` asks for these too (I9 to I12). Each check returns words that name what differs; none: it holds.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import asyncpg

from shared.bus import audit
from shared.bus.commands import topic_of
from shared.log_events import LogEvent

_NAMED = 3
_NEVER = (LogEvent.UNEXPECTED_ERROR, LogEvent.WATCHDOG_EXIT, LogEvent.INVARIANT_VIOLATION)
"""A fault of the world explains none of these: they say that the code is wrong."""

_DUE = """
select count(*) from notify.letters, msg.gate where state = 'wanted' and due_on <= last_closed
"""
_BARE = """
select count(*) from notify.letters as letter where state = 'rendered'
  and not exists (select from notify.messages as message where message.letter_no = letter.letter_no)
"""
_MAILS = "select message_id, state, silences from notify.messages where channel = 'email'"
_STOPPED = "select topic, partition_no from msg.position where quarantined_at is not null"


@dataclass(frozen=True)
class Aftermath:
    """What reached the mail server, how often people lent a hand, and the log's lines of each process by its name.

    ``leaves``: the log's events that the fault must have left, as ``process:event``; ``excuses``: those that this
    fault, and no other, explains.
    """

    mails: Sequence[EmailMessage]
    by_hand: int
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    leaves: Sequence[str] = field(default=())
    excuses: Collection[LogEvent] = field(default=())


async def letters(notify: asyncpg.Connection, mails: Iterable[EmailMessage]) -> list[str]:
    """I9: each letter that is due is written and went out or is given up; a copy only where nobody could know.

    Both copies then carry the same Message-ID: it is how they are counted here.
    """
    taken = Counter(UUID(str(mail["Message-ID"]).strip("<>").partition("@")[0]) for mail in mails)
    rows = {row["message_id"]: row for row in await notify.fetch(_MAILS)}
    found = {
        "letters are due and not written": await notify.fetchval(_DUE),
        "letters are written to nobody": await notify.fetchval(_BARE),
        "mails are of no message": len(taken.keys() - rows.keys()),
        "messages are noted as handed over and never came": sum(
            row["state"] == "handed-over" and not taken[name] for name, row in rows.items()
        ),
        "messages came again although their end was known": sum(
            taken[name] > 1 + row["silences"] for name, row in rows.items()
        ),
    }
    return [f"I9: {count} {words}" for words, count in found.items() if count]


async def hands(databases: Mapping[str, asyncpg.Connection], by_hand: int) -> list[str]:
    """I10: nobody lent a hand but the test itself, and nothing stands and waits for one."""
    given = 0
    found = []
    for service, connection in databases.items():
        given += await connection.fetchval("select count(*) from msg.audit")
        stopped = await connection.fetch(_STOPPED)
        found += [f"I10: {service}: {row[0]}/{row[1]} waits for an operator" for row in stopped]
    return [*found, f"I10: people gave {given} commands, the test {by_hand}"] if given != by_hand else found


def told(after: Aftermath) -> list[str]:
    """I11: the log has what the fault must leave, and nothing that only our own mistake explains."""
    events = {name: Counter(line["event.name"] for line in lines) for name, lines in after.lines.items()}
    found = [
        f"I11: {name} has not said {event}"
        for name, _, event in (each.partition(":") for each in after.leaves)
        if not events.get(name, Counter())[event]
    ]
    return (
        found
        + [
            f"I11: {name}: {line['event.name']} {line.get('error.type', '')} {line.get('app.detail', '')}"
            for name, lines in after.lines.items()
            for line in lines
            if line["event.name"] in _NEVER and line["event.name"] not in after.excuses
        ][:_NAMED]
    )


async def chain(service: str, connection: asyncpg.Connection) -> list[str]:
    """I12: every row of the audit is sealed with the one before it, and none is missing."""
    async with connection.transaction():
        found = await audit.check(connection, topic_of(service))
    return [] if found["ok"] else [f"I12: {found['detail']}"]
