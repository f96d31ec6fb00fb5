"""What was read is decoded and waits here while the batch before it is applied; all that waits is the next batch."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from itertools import chain
from typing import NamedTuple

from aiokafka import TopicPartition

from shared.bus.positions import Lane
from shared.events.base import Event, EventData
from shared.events.decode import Record, Rejection, decode

DECODED_AT_ONCE = 25
"""About a millisecond: the answers of the database do not wait longer."""

_READ_AGAIN_S = 5.0
"""What could not be dealt with comes again sooner, unless another process reads it now."""

Lanes = dict[Lane, list[Record]]
Decoded = dict[int, Event[EventData] | Rejection]
"""What records were decoded to, by the records' identity in this process."""


class Poll(NamedTuple):
    """What one poll brought: ``read`` is how often each partition had been sought by then."""

    lanes: Lanes
    read: Counter[TopicPartition]
    oldest_ms: int
    """Kafka's time of its oldest record."""
    decoded: Decoded


class Pipeline:
    """Hands polls over to be applied, batch after batch, each of all that came while the one before was applied.

    A poll ends with the first records that are there: if each were a batch, what comes during one would wait not only
    for the next but for the one behind it.  No more is read from ``most`` waiting records on, nor applied at once.
    ``apply`` says whether it has dealt with what it was given; ``progress_at``: when it last had.
    """

    def __init__(self, apply: Callable[[Sequence[Poll]], Awaitable[bool]]) -> None:
        self.most = 1
        self.progress_at = time.monotonic()
        self._failed_at = float("-inf")
        self._ended = False
        self._apply = apply
        self._waiting: list[Poll] = []
        self._in_hand: Sequence[Poll] = ()
        self._entering: Poll | None = None
        self._taken = asyncio.Event()
        self._applying: asyncio.Task[None] | None = None

    @property
    def oldest_ms(self) -> int | None:
        """Kafka's time of the oldest record that is here and not dealt with; none: nothing is here."""
        entering = (self._entering,) if self._entering else ()
        return min((poll.oldest_ms for poll in (*self._in_hand, *self._waiting, *entering)), default=None)

    async def put(self, lanes: Lanes, read: Counter[TopicPartition], oldest_ms: int) -> None:
        """Decode what was read, and let it wait for its turn; returns when more may be read."""
        if self._ended:
            return
        self._entering = poll = Poll(lanes, read, oldest_ms, {})
        try:
            await _decode(poll)
            self._waiting.append(poll)
        finally:
            self._entering = None
        if self._applying is None or self._applying.done():
            # In a context of its own: FastStream's has the poll, and what is kept for later (a timer, a connection) has
            # the context it was made in: polls stayed in memory until the database's statement cache let them go.
            self._applying = asyncio.create_task(self._run(), context=Context())
        while not self._ended and sum(len(one.decoded) for one in self._waiting) >= self.most:
            self._taken.clear()
            await self._taken.wait()

    @property
    def is_busy(self) -> bool:
        """Whether something is here, or was a moment ago and is read again because it could not be dealt with."""
        is_failing = self.progress_at < self._failed_at > time.monotonic() - _READ_AGAIN_S
        return is_failing or self.oldest_ms is not None

    @property
    def is_at_work(self) -> bool:
        """Whether something is decoded or applied here at this moment."""
        return self._entering is not None or (self._applying is not None and not self._applying.done())

    async def settled(self) -> None:
        """Wait until all that was put is dealt with."""
        if self._applying is not None:
            await asyncio.wait([self._applying])

    async def end(self) -> None:
        """Wait for the batch that is being applied and for no other: what waits is still in Kafka."""
        self._ended = True
        self._taken.set()
        await self.settled()

    async def _run(self) -> None:
        while self._waiting and not self._ended:
            self._in_hand = self._take()
            self._taken.set()
            try:
                if await self._apply(self._in_hand):
                    self.progress_at = time.monotonic()
                else:
                    self._failed_at = time.monotonic()
            finally:
                self._in_hand = ()

    def _take(self) -> Sequence[Poll]:
        """Return the first poll, and those behind it that continue its lanes, no more records than ``most``.

        One that does not was read from another place (a rebalance, records that expired): it is judged by itself.
        """
        taken, ends, room = [self._waiting.pop(0)], dict[Lane, int](), self.most
        while True:
            room -= len(taken[-1].decoded)
            ends |= {lane: records[-1].offset + 1 for lane, records in taken[-1].lanes.items()}
            if not self._waiting or len(self._waiting[0].decoded) > room or not _continues(self._waiting[0], ends):
                return taken
            taken.append(self._waiting.pop(0))


def _continues(poll: Poll, ends: Mapping[Lane, int]) -> bool:
    """Say whether a poll goes on in each lane where what was taken before it ends."""
    return all(records[0].offset == ends.get(lane, records[0].offset) for lane, records in poll.lanes.items())


async def _decode(poll: Poll) -> None:
    """Decode a poll, and let others have their turn in between."""
    for number, record in enumerate(chain.from_iterable(poll.lanes.values()), start=1):
        poll.decoded[id(record)] = decode(record)
        if number % DECODED_AT_ONCE == 0:
            await asyncio.sleep(0)


def joined(polls: Sequence[Poll], is_stale: Callable[[Lane, Counter[TopicPartition]], bool]) -> tuple[Lanes, Decoded]:
    """Return polls as one, without what was read before a seek: that is read again."""
    lanes: defaultdict[Lane, list[Record]] = defaultdict(list)
    decoded: Decoded = {}
    for poll in polls:
        decoded |= poll.decoded
        for lane, records in poll.lanes.items():
            if not is_stale(lane, poll.read):
                lanes[lane] += records
    return dict(lanes), decoded
