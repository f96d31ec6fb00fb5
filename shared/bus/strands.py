"""Two strands of lanes, read and applied side by side: while one waits for the database, the other computes."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import TopicPartition

from shared.bus.pipeline import Lanes, Pipeline, Poll

STRANDS = 2
"""One thread computes: with a second strand it hardly waits, so a third would gain nothing (docs/decisions/0041)."""


def strand_of(partition: int) -> int:
    """Return the strand of a partition; partitions of one number, so the events of one key on all topics, share it."""
    return partition % STRANDS


class Strands:
    """A pipeline for each strand, which applies what of each poll belongs to it and waits for no other.

    Only reading waits: while one has as much waiting as it may, nothing more is read for either.
    """

    def __init__(self, apply: Callable[[Sequence[Poll]], Awaitable[bool]]) -> None:
        self._pipelines = tuple(Pipeline(apply) for _ in range(STRANDS))

    def limit(self, most: int) -> None:
        """Let no batch of a strand have more records, and read no more from so many waiting on."""
        for pipeline in self._pipelines:
            pipeline.most = most

    @property
    def oldest_ms(self) -> int | None:
        """Kafka's time of the oldest record that is here and not dealt with; none: nothing is here."""
        return min((oldest for one in self._pipelines if (oldest := one.oldest_ms) is not None), default=None)

    @property
    def progress_at(self) -> float:
        """When a batch was last dealt with, in the strand that has longest done without of those with something to do.

        A strand that stands still, or fails again and again, is not hidden by one that goes on.
        """
        busy = [one.progress_at for one in self._pipelines if one.is_busy]
        return min(busy) if busy else max(one.progress_at for one in self._pipelines)

    async def put(self, lanes: Lanes, read: Counter[TopicPartition], oldest_ms: int) -> None:
        """Let each strand decode its own of a poll and queue it; returns when more may be read."""
        own: defaultdict[int, Lanes] = defaultdict(dict)
        for lane, records in lanes.items():
            own[strand_of(lane[1])][lane] = records
        for strand, found in own.items():
            await self._pipelines[strand].put(found, read, oldest_ms)

    async def settled(self) -> None:
        """Wait until all that was put is dealt with, also what had to wait for room before it reached its strand."""
        while any(one.is_at_work for one in self._pipelines):
            await asyncio.gather(*(one.settled() for one in self._pipelines))
            await asyncio.sleep(0)  # whoever waited for room goes on

    async def end(self) -> None:
        """Wait for the batches that are being applied and for no other: what waits is still in Kafka."""
        await asyncio.gather(*(one.end() for one in self._pipelines))
