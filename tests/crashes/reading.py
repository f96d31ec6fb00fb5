"""The consumer's batches: billing reads its story to the end, from a log in memory into a real database.

The log stands in for Kafka because nothing of Kafka's decides here: where reading goes on is in the database. What the
real client does around a crash is in ``tests/faults``.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from shared.bus import positions
from shared.bus.consumer import Consumer
from shared.bus.kafka_client import PatientConsumer
from shared.bus.positions import Lane
from shared.db.engine import question
from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import billing_of
from tests.crashes.story import story

COUNTED = frozenset({"Pipeline._run"})
MOMENTS = frozenset({ANSWERED})
_BATCH = 10
"""Records in a batch."""


class Log(PatientConsumer):
    """A Kafka client over records in memory: all lanes assigned, read in the order of publication, batch by batch.

    A batch is never mixed with the next one of its strand, so that whoever reads on after a crash gets the batches that
    another would have got: then everything must be equal, not only what no order can change.
    """

    def __init__(self, records: Sequence[ConsumerRecord], reached: Mapping[Lane, int]) -> None:
        self._batches = [records[start : start + _BATCH] for start in range(0, len(records), _BATCH)]
        self._seeks: Counter[TopicPartition] = Counter()
        # Kafka was told of the positions some time ago: the record before each is read again, to prove the log.
        self._at = Counter({TopicPartition(*lane): max(0, offset - 1) for lane, offset in reached.items()})
        self._paused: set[TopicPartition] = set()
        self.last_read: Counter[TopicPartition] = Counter()
        self._closed = True  # the library's own destructor asks

    def poll(self) -> tuple[ConsumerRecord, ...]:
        """Return what is left of the first batch of which anything is; empty: all is read, or paused."""
        self.last_read = self._seeks.copy()
        for batch in self._batches:
            left = tuple(record for record in batch if self._is_left(record))
            if left:
                for record in left:
                    self._at[_place(record)] = record.offset + 1
                return left
        return ()

    def _is_left(self, record: ConsumerRecord) -> bool:
        return _place(record) not in self._paused and record.offset >= self._at[_place(record)]

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read on from ``offset``."""
        self._seeks[place] += 1
        self._at[place] = offset

    def pause(self, *places: TopicPartition) -> None:
        """Stop reading lanes."""
        self._paused.update(places)

    def resume(self, *places: TopicPartition) -> None:
        """Read lanes again."""
        self._paused.difference_update(places)

    def assignment(self) -> Collection[TopicPartition]:
        """Every lane is ours."""
        return set(self._at)

    async def commit(self, offsets: Any = None) -> None:
        """Take the advice; nothing depends on it."""


def _place(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


async def work(case: Case) -> None:
    """Read until nothing is left, as FastStream would hand it over: decoded while the batch before is applied."""
    async with billing_of(replace(case, prefix="")) as running:  # the log's topics carry none
        async with question(running.doors.sessions) as connection:
            log = Log(story(), await positions.all_positions(connection))
        running.consumer._subscriber = SimpleNamespace(consumer=log, tasks=())
        running.consumer._strands.limit(1)  # each poll is a batch of each strand
        await running.consumer.open_barrier()
        while batch := log.poll() or await _more(running.consumer, log):
            await running.consumer._on_batch(batch)


async def _more(consumer: Consumer, log: Log) -> tuple[ConsumerRecord, ...]:
    """Return what may be read when the batch in hand is applied and the barrier has looked at our book."""
    await consumer.settled()
    await consumer.open_barrier()
    return log.poll()
