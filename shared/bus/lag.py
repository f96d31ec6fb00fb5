"""How far a service is behind in each partition, for people and for the commands that wait for quiet."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from shared import metrics
from shared.bus.failures import FailureKind, kind_of
from shared.bus.positions import Lane

_STILL_S = 1.0
_MOST_MARKERS = 64
_PATIENCE_S = 2.0


class Ends(Protocol):
    """What is asked of Kafka (``shared.bus.cuts.Cuts``)."""

    async def ends(self, lanes: Sequence[Lane]) -> dict[Lane, int]:
        """Return the end offset of each lane."""
        ...

    async def is_read(self, lane: Lane, position: int, cut: int) -> bool:
        """Prove that no record stands between position and cut."""
        ...


class Lags:
    """Compares positions with log ends; a rest that stands still and holds only transaction markers is no lag."""

    def __init__(self, cuts: Ends) -> None:
        self._cuts = cuts
        self._seen: dict[Lane, tuple[int, int, float]] = {}
        self._markers: dict[Lane, tuple[int, int]] = {}

    async def measure(self, positions: Mapping[Lane, int]) -> dict[Lane, tuple[int, int]]:
        """Return end offset and lag of each lane."""
        ends = await self._cuts.ends(list(positions))
        found = {lane: (ends[lane], await self._lag(lane, at, ends[lane])) for lane, at in positions.items()}
        for (topic, number), (_, behind) in found.items():
            metrics.LAG.labels(topic, str(number)).set(behind)
        return found

    async def asked(self, positions: Mapping[Lane, int]) -> dict[Lane, tuple[int, int]] | None:
        """Return what ``measure`` does; ``None`` when Kafka does not answer while a person waits (2 s)."""
        asking = asyncio.ensure_future(self.measure(positions))
        done, _ = await asyncio.wait([asking], timeout=_PATIENCE_S)
        if not done:
            asking.cancel()
            return None
        error = asking.exception()
        if error is not None and kind_of(error) is not FailureKind.TRANSIENT:
            raise error
        return None if error is not None else asking.result()

    async def _lag(self, lane: Lane, position: int, end: int) -> int:
        if position >= end or self._markers.get(lane) == (position, end):
            return 0
        before = self._seen.get(lane)
        if before is None or before[:2] != (position, end):
            self._seen[lane] = (position, end, time.monotonic())
        elif end - position <= _MOST_MARKERS and time.monotonic() - before[2] > _STILL_S:
            self._seen[lane] = (position, end, time.monotonic())
            if await self._cuts.is_read(lane, position, end):
                self._markers[lane] = (position, end)
                return 0
        return end - position
