"""Repeated identical warnings are written at the 1st, 2nd, 4th, 8th … time, with the count: of each address its own."""

import time
from typing import Any

from shared.log_events import LogEvent

MOST_ADDRESSES = 200
"""Network addresses whose lines are counted one by one at a time; whoever else comes meanwhile is counted together."""
_QUIET_SECONDS = 120.0
_MOST_KEYS = 4096
_MOVING = frozenset({"attempt", "count", "duration_ms", "offset", "repeats", "error"})


class Repeats:
    """Counts lines that say the same; after two quiet minutes a line counts as new."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], tuple[int, float]] = {}
        self._addresses = _Addresses()

    def admit(self, event: LogEvent, fields: dict[str, Any]) -> int:
        """Return how often this line has come, or 0 when it need not be written."""
        kind = type(fields["error"]).__name__ if "error" in fields else ""
        now = time.monotonic()
        in_crowd = "address" in fields and not self._addresses.have_room(str(fields["address"]), now)
        moving = _MOVING | {"address"} if in_crowd else _MOVING
        same = tuple((name, str(value)) for name, value in fields.items() if name not in moving)
        key = (event, kind, same)
        count, last = self._seen.pop(key, (0, now))
        count = 1 if now - last > _QUIET_SECONDS else count + 1
        if len(self._seen) >= _MOST_KEYS:
            del self._seen[next(iter(self._seen))]  # the line that has been quiet the longest
        self._seen[key] = (count, now)
        return count if count & (count - 1) == 0 else 0


class _Addresses:
    """The addresses that are counted one by one, those heard of last at the end."""

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}

    def have_room(self, address: str, now: float) -> bool:
        """Say whether an address is counted by itself: it is already, or somebody has been quiet for long enough."""
        known = self._heard.pop(address, None) is not None
        while self._heard and now - next(iter(self._heard.values())) > _QUIET_SECONDS:
            del self._heard[next(iter(self._heard))]
        if not known and len(self._heard) >= MOST_ADDRESSES:
            return False
        self._heard[address] = now
        return True
