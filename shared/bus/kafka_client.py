"""What FastStream and aiokafka are given of ours: a client that waits and can be woken, a parser that cannot fail."""

from collections import Counter
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream.kafka import KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.bus.strands import STRANDS, strand_of

_PATIENCE_MS = 500
_GROUP_PARTS = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")


class PatientConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # the library has no types
    """Waits for records as long as it can be woken, and knows which of them were read before a seek.

    FastStream sleeps after an empty poll, deaf, as long as it polled: short polls cost a core's tenth for nothing
    (measured: 6 % of a core per idle service), long ones delay records.  So its poll and its sleep are short, and the
    poll, which records end at once, is made long here.
    """

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._seeks: Counter[TopicPartition] = Counter()
        self.last_read: Counter[TopicPartition] = Counter()
        self._strand = 0

    async def getmany(self, *, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        """Return records as soon as there are any, or nothing after half a second.

        What is here already is taken from one strand after the other: aiokafka goes through one partition before it
        comes to the next, and one strand would have to wait for its records while the other cannot take more.
        """
        found = await self._of_next_strand(max_records)
        if not found:
            found = await super().getmany(timeout_ms=max(timeout_ms, _PATIENCE_MS), max_records=max_records)
        self.last_read = self._seeks.copy()
        return found

    async def _of_next_strand(self, max_records: int | None) -> Any:
        """Return what is here of the next strand that has anything."""
        for _ in range(STRANDS):
            self._strand = (self._strand + 1) % STRANDS
            own = [place for place in self.assignment() if strand_of(place.partition) == self._strand]
            if own and (found := await super().getmany(*own, max_records=max_records)):
                return found
        return {}

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read on from ``offset``; what was read of the partition before this is stale."""
        self._seeks[place] += 1
        super().seek(place, offset)

    @property
    def left(self) -> bool:
        """Whether the client has left its group for good: each poll raises from now on, and nothing is read again.

        aiokafka ends its part in the group on an answer that it does not expect: one heartbeat to a coordinator that
        has just taken the group over and still loads it is enough.
        """
        parts = (getattr(self._coordinator, name, None) for name in _GROUP_PARTS)
        return any(part is not None and part.done() and not part.cancelled() and part.exception() for part in parts)

    def is_stale(self, place: TopicPartition, read: Counter[TopicPartition]) -> bool:
        """Whether the partition was sought anew since a batch was read, when ``last_read`` was ``read``."""
        return self._seeks[place] != read[place]


async def wrapped(raw: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """Wrap a batch without looking into it: no header, key or value can make this fail."""
    first = raw[0]
    return KafkaMessage(
        body=b"", headers={}, reply_to="", content_type=None, raw_message=raw, consumer=FAKE_CONSUMER,
        message_id=f"{first.topic}-{first.partition}-{first.offset}", correlation_id=str(first.offset),
    )  # fmt: skip


async def handed_over(message: KafkaMessage) -> Any:
    """Hand the raw records over: decoding is ``shared.events.decode``'s."""
    return message.raw_message
