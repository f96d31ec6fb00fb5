"""Kafka for commands: a producer that cannot say things twice, and a reader that belongs to no group."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

from shared.cli.environment import Environment
from shared.cli.errors import CliError, ExitCode, away
from shared.events.decode import Record
from shared.kafka_security import KafkaSecurity

LARGEST_REQUEST = 16 * 1024 * 1024
"""What a command will send: far above the contract's largest event, so that the broker and the services decide."""

_ASKED_TIMES, _ASKED_EVERY_S = 10, 0.2
_REFUSED = (
    AuthenticationFailedError, ClusterAuthorizationFailedError, GroupAuthorizationFailedError, SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Broker:
    """Where Kafka is, and what stands before every topic's name there."""

    bootstrap: str
    prefix: str = ""
    access: KafkaSecurity = field(default_factory=KafkaSecurity)

    @classmethod
    def of(cls, environment: Environment) -> "Broker":
        """Return the broker that a command's environment names."""
        return cls(environment.kafka, environment.topic_prefix, environment.kafka_access)

    @property
    def client(self) -> dict[str, Any]:
        """What every client of this broker is made with."""
        return {"bootstrap_servers": self.bootstrap, **self.access.options()}

    def wire(self, topic: str) -> str:
        """Return a topic's name on the wire."""
        return self.prefix + topic

    def plain(self, wire: str) -> str:
        """Return a topic's name without the prefix."""
        return wire.removeprefix(self.prefix)

    def gone(self, error: Exception) -> CliError:
        """Return what a person is told when the broker does not answer, or answers that this user may not."""
        if isinstance(error, _REFUSED):
            return CliError(
                f"Kafka at {self.bootstrap} does not let {self.access.username or 'a user without a name'} do this.",
                "CLOSEBOOK_KAFKA_USERNAME and CLOSEBOOK_KAFKA_PASSWORD name a user: give it the right, or another.",
                ExitCode.USAGE,
            )
        return away("Kafka", self.bootstrap)


@asynccontextmanager
async def producing(broker: Broker, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Yield an idempotent producer; what was sent is flushed on the way out."""
    producer = AIOKafkaProducer(
        enable_idempotence=True,
        max_request_size=LARGEST_REQUEST,
        **broker.client,
        **settings,
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as error:
        await producer.stop()
        raise broker.gone(error) from error
    try:
        yield producer
    finally:
        await producer.stop()


async def partitions_of(broker: Broker, topics: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each topic has; raises ``CliError`` when one does not exist.

    A topic made a moment ago is not known everywhere at once, so a missing one is asked for again for two seconds.
    """
    admin = AIOKafkaAdminClient(**broker.client)
    try:
        await admin.start()
        for _ in range(_ASKED_TIMES):
            counts = await _counts(admin, broker, topics)
            missing = [topic for topic in topics if not counts.get(topic)]
            if not missing:
                return counts
            await asyncio.sleep(_ASKED_EVERY_S)
    except (KafkaError, OSError) as error:
        raise broker.gone(error) from error
    finally:
        await admin.close()
    raise CliError(
        f"Kafka at {broker.bootstrap} has no topic {broker.wire(missing[0])}.",
        "Start the services once (they check their topics), or set CLOSEBOOK_TOPIC_PREFIX to this installation's.",
        ExitCode.USAGE,
    )


async def _counts(admin: AIOKafkaAdminClient, broker: Broker, topics: Sequence[str]) -> dict[str, int]:
    """Return the number of partitions of each topic that is there and has a leader for all of them.

    Raises ``TopicAuthorizationFailedError`` when one may not even be seen.
    """
    described = await admin.describe_topics([broker.wire(topic) for topic in topics])
    if any(topic["error_code"] == TopicAuthorizationFailedError.errno for topic in described):
        raise TopicAuthorizationFailedError
    return {
        broker.plain(topic["topic"]): len(topic["partitions"])
        for topic in described
        if not topic["error_code"] and not any(partition["error_code"] for partition in topic["partitions"])
    }


class Reader:
    """Reads whole topics from where it is told, for itself alone; nothing is ever committed.

    Offsets are asked for on a connection of their own: on the reading one an answer waits behind the long poll.
    """

    def __init__(
        self, broker: Broker, consumer: AIOKafkaConsumer, asking: AIOKafkaConsumer, partitions: Mapping[str, int]
    ) -> None:
        self._broker = broker
        self._consumer = consumer
        self._asking = asking
        self._partitions = partitions

    def places(self, topic: str) -> list[TopicPartition]:
        """Return the topic's partitions as the client names them."""
        return [TopicPartition(self._broker.wire(topic), number) for number in range(self._partitions[topic])]

    async def ends(self, topics: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return the end offset of each partition of the topics, as a cut."""
        places = {topic: self.places(topic) for topic in topics}
        wanted = [place for several in places.values() for place in several]
        found = await self._asking.end_offsets(wanted) if wanted else {}
        return {topic: tuple(found[place] for place in several) for topic, several in places.items()}

    async def starts(self, topic: str) -> tuple[int, ...]:
        """Return the first offset that each partition of the topic still has."""
        found = await self._asking.beginning_offsets(self.places(topic))
        return tuple(found[place] for place in self.places(topic))

    def seek(self, topic: str, offsets: Sequence[int]) -> None:
        """Read on from these offsets, one for each partition."""
        for place, offset in zip(self.places(topic), offsets, strict=True):
            self._consumer.seek(place, offset)

    async def positions(self, topic: str) -> tuple[int, ...]:
        """Return how far the topic has been read."""
        return tuple([await self._consumer.position(place) for place in self.places(topic)])

    async def read(self, timeout_ms: int) -> list[Record]:
        """Return what has come, in order within each partition; nothing after ``timeout_ms``."""
        batches = await self._consumer.getmany(timeout_ms=timeout_ms)
        return [self._record(record) for batch in batches.values() for record in batch]

    def _record(self, record: Any) -> Record:
        return Record(
            topic=self._broker.plain(record.topic),
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
            timestamp_ms=record.timestamp,
        )


@asynccontextmanager
async def reading(broker: Broker, topics: Sequence[str], also: Sequence[str] = ()) -> AsyncIterator[Reader]:
    """Yield a reader of ``topics``, from their beginning unless told to seek; of ``also`` it only knows the ends."""
    partitions = await partitions_of(broker, [*topics, *also])
    settings = {**broker.client, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    consumer, asking = AIOKafkaConsumer(**settings), AIOKafkaConsumer(**settings)
    try:
        await consumer.start()
        await asking.start()
        reader = Reader(broker, consumer, asking, partitions)
        consumer.assign([place for topic in topics for place in reader.places(topic)])
        yield reader
    except KafkaError as error:
        raise broker.gone(error) from error
    finally:
        await consumer.stop()
        await asking.stop()
