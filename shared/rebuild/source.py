"""The bytes of every record taken in: from Kafka, or from the sender's event log where Kafka no longer has them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.positions import Lane
from shared.events.decode import Record
from shared.events.topics import BY_TOPIC
from shared.kafka_security import KafkaSecurity

_POLL_MS = 200
_DEADLINE_S = 30.0
_HEADERS = (("content-type", b"application/cloudevents+json"),)
_SAID = "select msg_key, body, recorded_at from msg.event_log where event_uid = $1"


class GoneError(LookupError):
    """A record that was taken in can be had from nowhere; the text is a sentence for people."""


class Records:
    """Reads the wanted records of all lanes, each lane once from its start; what nobody asks for is not kept."""

    def __init__(
        self,
        bootstrap: str,
        wanted: Mapping[Lane, set[int]],
        senders: Mapping[str, asyncpg.Connection],
        *,
        prefix: str = "",
        access: KafkaSecurity | None = None,
    ) -> None:
        self._prefix = prefix
        self._wanted = wanted
        self._senders = senders
        self._found: defaultdict[Lane, dict[int, Record]] = defaultdict(dict)
        self._kafka = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
            isolation_level="read_committed", **(access or KafkaSecurity()).options(),
        )  # fmt: skip
        self._ends: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connect, and learn where each lane ends."""
        await self._kafka.start()
        places = [self._place(lane) for lane in self._wanted]
        self._kafka.assign(places)
        self._ends = await self._kafka.end_offsets(places) if places else {}

    async def stop(self) -> None:
        """Leave the broker."""
        await self._kafka.stop()

    def _place(self, lane: Lane) -> TopicPartition:
        return TopicPartition(self._prefix + lane[0], lane[1])

    async def take(self, lane: Lane, offset: int, uid: UUID | None) -> Record:
        """Return one record; raises ``GoneError`` when neither Kafka nor its sender has it any more."""
        while offset not in self._found[lane] and not await self._is_past(lane, offset):
            await self._read_on(lane)
        record = self._found[lane].pop(offset, None)
        return record or await self._from_sender(lane, offset, uid)

    async def _is_past(self, lane: Lane, offset: int) -> bool:
        place = self._place(lane)
        position = await asyncio.wait_for(self._kafka.position(place), _DEADLINE_S)
        return bool(position > offset or position >= self._ends[place])

    async def _read_on(self, lane: Lane) -> None:
        """Keep what is wanted of the lane's next records."""
        place = self._place(lane)
        found = await self._kafka.getmany(place, timeout_ms=_POLL_MS)
        for record in found.get(place, ()):
            if record.offset in self._wanted[lane]:
                self._found[lane][record.offset] = Record(
                    *lane, record.offset, record.key, record.value, tuple(record.headers), record.timestamp
                )

    async def _from_sender(self, lane: Lane, offset: int, uid: UUID | None) -> Record:
        """Return what the sender's event log keeps of a record that was compacted away or has expired."""
        owner = BY_TOPIC[lane[0]].owner
        sender = self._senders.get(owner)
        row = await sender.fetchrow(_SAID, uid) if sender is not None else None
        if row is None:
            place = f"{lane[0]} partition {lane[1]} offset {offset}"
            raise GoneError(f"The record {place} is neither in Kafka nor in the event log of {owner}.")
        stamp = int(row["recorded_at"].timestamp() * 1000)
        return Record(*lane, offset, row["msg_key"].encode(), row["body"], _HEADERS, stamp)
