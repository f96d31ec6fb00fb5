"""How much one caller may ask of a service: so many requests a minute, and so many at a time."""

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator

from starlette.exceptions import HTTPException

_MANY = 10_000
"""More callers than any office has: then those who have not asked for a minute are forgotten."""


class RateLimit:
    """Counts the requests of each subject in this process; ``per_minute`` 0 lets everything through."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, subject: str) -> int:
        """Count one request; returns 0, or after how many whole seconds to ask again."""
        if not self._per_minute:
            return 0
        now, full = self._clock(), float(self._per_minute)
        left, at = self._left.get(subject, (full, now))
        left = min(full, left + (now - at) * full / 60)
        if left < 1:
            self._left[subject] = left, now
            return math.ceil((1 - left) * 60 / full)
        self._forget(now)
        self._left[subject] = left - 1, now
        return 0

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again, when there are many."""
        if len(self._left) >= _MANY:
            self._left = {subject: kept for subject, kept in self._left.items() if now - kept[1] < 60}


class TooManyOpenError(HTTPException):
    """An address has as many requests open as it may."""

    def __init__(self) -> None:
        super().__init__(429, "Too many requests of your address are open.", {"Retry-After": "1"})


class OpenRequests:
    """Counts the requests of each address that are open in this process; ``most`` 0 lets everything through."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @contextlib.contextmanager
    def another(self, address: str) -> Iterator[None]:
        """Count one request while it is open; raises ``TooManyOpenError`` when there is no room for it."""
        if self._most and self._open[address] >= self._most:
            raise TooManyOpenError
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
