"""What the next day waits for: for people who ask, and in the log once it has lasted."""

import time
from collections.abc import Callable
from datetime import date

from shared.log_events import LogEvent
from shared.logs import log

DIFFERS = "totals differ: "
"""How a wait begins that ends by itself only if somebody mends its cause; it has an alarm of its own."""
_PATIENCE_S = 1.0
_AGAIN_AFTER = 4
_AT_LEAST_EVERY_S = 600.0


class Waiting:
    """Follows the reasons for which a day that has ended does not begin.

    Every day passes through waits of milliseconds.  One is said when it has lasted a second, then again after four
    times as long, at least every ten minutes, so that no hour of a standstill is silent.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.reason = ""
        self._day: date | None = None
        self._day_since = 0.0
        self._what = ""
        self._what_since = 0.0
        self._tell_at = 0.0

    def note(self, day: date, reason: str) -> None:
        """Note what ``day`` waits for; words after a colon are how much of it, not what.  Empty: it has not ended."""
        self.reason = reason
        if not reason:
            return
        now, what = self._clock(), reason.partition(":")[0]
        if day != self._day:
            self._day, self._day_since, self._what = day, now, ""
        if what != self._what:
            self._what, self._what_since, self._tell_at = what, now, now + _PATIENCE_S
        if now >= self._tell_at and not reason.startswith(DIFFERS):
            waited = now - self._what_since
            self._tell_at = now + min(waited * _AGAIN_AFTER, _AT_LEAST_EVERY_S)
            log(LogEvent.DAY_WAITING, day=day.isoformat(), detail=reason, waited_ms=round(waited * 1000))

    def over(self, day: date) -> int:
        """Note that ``day`` waits no more; return how long it waited, in milliseconds."""
        waited = round((self._clock() - self._day_since) * 1000) if day == self._day else 0
        self._day, self.reason, self._what = None, "", ""
        return waited
