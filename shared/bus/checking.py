"""A service's books checked while it runs: what must hold at every commit is looked at again and again.

`closebook verify` proves more, for it lays services side by side, but only when nothing moves and somebody asks.
"""

import time
from collections.abc import Mapping

import asyncpg

from shared import metrics
from shared.bus import audit, queries
from shared.bus.commands import topic_of
from shared.bus.service import Running
from shared.bus.sleeping import sleep_unless
from shared.bus.totals import gap_in_words
from shared.db.engine import LONG_SECONDS, snapshot
from shared.log_events import LogEvent
from shared.logs import log

_FIRST_S = 10.0
EVERY_S = 300.0
MOST_S = 1800.0
_SHARE = 50
_LOOK_S = 0.5

Findings = dict[str, str]
"""What was checked, and of each what differs; empty words: nothing does."""


async def of_the_bus(connection: asyncpg.Connection, service: str) -> Findings:
    """Check what every service keeps alike: what it said, what it read, what people did."""
    version = await connection.fetchrow(queries.VERSION_GAP, timeout=LONG_SECONDS)
    gap = await connection.fetchrow(queries.RANGE_GAP, timeout=LONG_SECONDS)
    audited = await audit.check(connection, topic_of(service))
    return {
        "versions count 1, 2, 3": gap_in_words(version, None),
        "nothing was skipped in what was read": gap_in_words(None, gap),
        "the audit is as it was written": audited["detail"],
    }


class Checking:
    """Checks in the process whose relay leads, at one moment of the database.

    Between two checks lie five minutes, or fifty times what the last one took, but at most half an hour: a ledger of
    many years is not read all day long.  The first leaves what waited for the process ten seconds: read beside the
    backlog the books took half as much of the database as the backlog itself (measured).
    """

    def __init__(self, running: Running) -> None:
        self._running = running

    async def run(self) -> None:
        """Check soon after the start and from time to time until the service stops."""
        due = time.monotonic() + _FIRST_S
        while not await sleep_unless(self._running.stopping, _LOOK_S):
            if not self._running.relay.leads:
                metrics.INVARIANT.clear()
                due = time.monotonic() + _FIRST_S
            elif time.monotonic() >= due:
                due = time.monotonic() + await self._once()

    async def _once(self) -> float:
        """Check everything; return how long to leave it alone."""
        started = time.monotonic()
        try:
            found = await self.look()
        except Exception as error:  # noqa: BLE001 - the database is away: the age of the last check says so
            log(LogEvent.RETRYING, error=error, part="checking")
            return EVERY_S
        took = time.monotonic() - started
        report(found, round(took * 1000))
        return min(max(EVERY_S, took * _SHARE), MOST_S)

    async def look(self) -> Findings:
        """Return what the bus and the service find, all as of one moment."""
        service = self._running.service
        async with snapshot(self._running.doors.sessions) as connection:
            found = await of_the_bus(connection, service.name)
            if service.checks is not None:
                found |= await service.checks(connection)
        return found


def report(found: Mapping[str, str], took_ms: int) -> None:
    """Say and show what was found: one line when all is well, one for each check that fails."""
    wrong = {check: detail for check, detail in found.items() if detail}
    for check in found:
        metrics.INVARIANT.labels(check).set(check not in wrong)
    metrics.CHECKED_AT.set_to_current_time()
    for check, detail in wrong.items():
        log(LogEvent.INVARIANT_VIOLATION, check=check, detail=detail)
    if not wrong:
        log(LogEvent.INVARIANT_CHECKED, count=len(found), duration_ms=took_ms)
