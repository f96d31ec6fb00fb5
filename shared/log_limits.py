"""Repeated identical warnings are written at the 1st, 2nd, 4th, 8th … time, with the count."""

import time
from typing import Any

from shared.log_events import LogEvent

_QUIET_SECONDS = 120.0
_MOST_KEYS = 4096
_MOVING = frozenset({"attempt", "count", "duration_ms", "offset", "repeats", "error"})


class Repeats:
    """Counts lines that say the same; after two quiet minutes a line counts as new."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], tuple[int, float]] = {}

    def admit(self, event: LogEvent, fields: dict[str, Any]) -> int:
        """Return how often this line has come, or 0 when it need not be written."""
        kind = type(fields["error"]).__name__ if "error" in fields else ""
        same = tuple((name, str(value)) for name, value in fields.items() if name not in _MOVING)
        key = (event, kind, same)
        now = time.monotonic()
        count, last = self._seen.pop(key, (0, now))
        count = 1 if now - last > _QUIET_SECONDS else count + 1
        if len(self._seen) >= _MOST_KEYS:
            del self._seen[next(iter(self._seen))]  # the line that has been quiet the longest
        self._seen[key] = (count, now)
        return count if count & (count - 1) == 0 else 0
