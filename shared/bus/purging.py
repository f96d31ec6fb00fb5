"""What need not be kept any longer is blanked in the work of a day: bytes, never the row that tells of them.

How long is dated policy data (``retention.json``; source: reliability.md b11).  Each day does all that has come due by
then and is still there, so nothing is passed by that came of age on a day that nobody closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import asyncpg
from pydantic import TypeAdapter

from shared.bus import audit
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.log_events import LogEvent

_SHIPPED = Path(__file__).with_name("retention.json")
_SELF = "closebook"


@dataclass(frozen=True, slots=True)
class Purge:
    """Bytes of one kind; ``query`` blanks those of day ``$1`` and before; an index finds what is still there."""

    what: str
    query: str


DEAD_LETTERS = Purge(
    "dead-letters",
    "update msg.dead_letter set raw_key = null, raw_value = null, raw_headers = '[]' "
    "where status <> 'open' and last_attempt < $1::date + 1 "
    "and (raw_key is not null or raw_value is not null or raw_headers <> '[]')",
)
"""Those that somebody decided about by then; an open one is never touched.

What a letter carried stays: its place in Kafka, its pence, the reason, who decided and why.
"""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bytes are kept, from a day on."""

    version: str
    effective_from: date
    keep_days: dict[str, int]

    def last_day(self, what: str, day: date) -> date:
        """Return the last day whose bytes are not kept any more on ``day``."""
        return day - timedelta(days=self.keep_days[what])


@cache
def read_retention(path: Path = _SHIPPED) -> tuple[Retention, ...]:
    """Return every version of the policy; the first is in force from the first day of the calendar on."""
    return TypeAdapter(tuple[Retention, ...]).validate_json(path.read_text(encoding="utf-8"))


async def purge(work: Work, day: date, purges: Sequence[Purge]) -> None:
    """Blank what has come due by ``day``; what was blanked is in the audit and, after the commit, in the log."""
    now = in_force(read_retention(), day)
    connection = await driver(work.session)
    for one in purges:
        done: str = await connection.execute(one.query, now.last_day(one.what, day))
        count = int(done.rpartition(" ")[2])
        if count:
            await _tell(work, connection, now, one.what, count)


async def _tell(work: Work, connection: asyncpg.Connection, policy: Retention, what: str, count: int) -> None:
    """Leave a row of the audit and a line of the log."""
    why = f"kept {policy.keep_days[what]} days ({policy.version})"
    detail = {"count": count, "book": work.book}
    head = await audit.note(connection, _SELF, "purge", what, why, detail)
    work.tell(LogEvent.PURGED, subject=what, count=count, day=work.book.isoformat(), audit_head=head)
