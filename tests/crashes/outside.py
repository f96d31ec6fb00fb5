"""What a run leaves outside its database: records on topics, mails with a server."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.rejection import Record
from shared.events.topics import said_by
from tests.crashes.relaying import PAGE
from tests.crashes.states import Rows, first_arrivals
from tests.support.kafka_tools import PARTITIONS, KafkaTools
from tests.support.scripted_mail import ScriptedMail


class Outside(Protocol):
    """The world beside the database, of which a run leaves traces."""

    most_repeats: int
    """How much may be there twice after one crash."""

    async def mark(self) -> None:
        """A run begins here."""

    async def look(self) -> tuple[Rows, int]:
        """Return what has come since the mark, each thing once, and how many came again."""


class Nothing:
    """The work touches its database alone."""

    most_repeats = 0

    async def mark(self) -> None:
        """Nothing is there."""

    async def look(self) -> tuple[Rows, int]:
        """Nothing has come."""
        return {}, 0


class Topics:
    """Everything a service says on Kafka."""

    most_repeats = PAGE

    def __init__(self, consumer: AIOKafkaConsumer, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = prefix

    @classmethod
    @asynccontextmanager
    async def opened(cls, kafka: KafkaTools, service: str) -> AsyncIterator["Topics"]:
        """Lend the topics of a service under a prefix of the test's own."""
        await kafka.provide(*said_by(service))
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([
                TopicPartition(kafka.prefix + channel.topic, number)
                for channel in said_by(service)
                for number in range(1 if channel.single else PARTITIONS)
            ])  # fmt: skip
            yield cls(consumer, kafka.prefix)
        finally:
            await consumer.stop()

    async def mark(self) -> None:
        """Read on from the ends."""
        for place, end in (await self._ends()).items():
            self._consumer.seek(place, end)

    async def look(self) -> tuple[Rows, int]:
        """Return each key's events in the order of their first arrival."""
        records: list[Record] = []
        ends = await self._ends()
        while any([await self._consumer.position(place) < end for place, end in ends.items()]):
            for place, page in (await self._consumer.getmany(timeout_ms=20)).items():
                topic = place.topic.removeprefix(self._prefix)
                records += [Record(topic, place.partition, r.offset, r.key, r.value) for r in page]
        return first_arrivals(records)

    async def _ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._consumer.assignment()))
        return ends


class Mails:
    """What the mail server took."""

    most_repeats = 1

    def __init__(self, server: ScriptedMail) -> None:
        self._server = server

    async def mark(self) -> None:
        """Forget what came before."""
        self._server.taken.clear()

    async def look(self) -> tuple[Rows, int]:
        """Return each letter by its Message-ID; one that came twice came with the same bytes, or it counts as two."""
        came = Counter((str(message_from_bytes(body)["Message-ID"]), body) for body in self._server.taken)
        letters: Rows = {}
        for message_id, body in came:
            letters.setdefault(message_id, []).append(body.decode())
        return letters, came.total() - len(came)
