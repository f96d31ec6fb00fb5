"""A page of the outbox as Kafka batches: one for each partition, each in the order of the log."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from shared.events.topics import DAY_CLOSED, TAKEN_IN

_HEADERS = [("content-type", b"application/cloudevents+json")]
_KEYS_REMEMBERED = 65_536

_FIRST = frozenset(channel.topic for channel in TAKEN_IN.values())
_LAST = frozenset(channel.topic for channel in DAY_CLOSED.values())


async def send_page(producer: AIOKafkaProducer, prefix: str, page: Sequence[asyncpg.Record]) -> None:
    """Send rows of ``topic``, ``msg_key`` and ``body``; return when the broker has acknowledged every one.

    What transactions took in is acknowledged before what they led to is sent, and the close of a day before anything of
    the next book: whoever knows our word can know why.
    """
    for book in _books(page):
        first = [row for row in book if row["topic"] in _FIRST]
        for rows in (first, [row for row in book if row["topic"] not in _FIRST]):
            await _send_rows(producer, prefix, rows)


def _books(page: Sequence[asyncpg.Record]) -> Iterator[Sequence[asyncpg.Record]]:
    """Yield the rows of a page up to each close of a day, and what is behind the last one."""
    begin = 0
    for number, row in enumerate(page, start=1):
        if row["topic"] in _LAST:
            yield page[begin:number]
            begin = number
    yield page[begin:]


async def _send_rows(producer: AIOKafkaProducer, prefix: str, page: Sequence[asyncpg.Record]) -> None:
    """Send rows in their order and wait for all answers.

    Handing over whole batches costs half of handing over records one by one (measured).  Events of one key share a
    partition, so they keep their order.
    """
    answers: list[Any] = []
    open_batches: dict[TopicPartition, Any] = {}
    for row in page:
        topic, key = prefix + row["topic"], row["msg_key"].encode()
        place = TopicPartition(topic, _partition(key, len(await producer.partitions_for(topic))))
        batch = open_batches.get(place)
        if batch is None or not _append(batch, key, row["body"]):
            if batch is not None:
                answers.append(await _send(producer, place, batch))
            batch = open_batches[place] = producer.create_batch()
            if not _append(batch, key, row["body"]):
                raise ValueError(f"event {row['seq']} does not fit into an empty batch")
    answers += [await _send(producer, place, batch) for place, batch in open_batches.items()]
    await asyncio.gather(*answers)


def _append(batch: Any, key: bytes, body: bytes) -> bool:
    """Add a record, of an empty body a tombstone; false: the batch is full. An empty one takes a record of any size."""
    return batch.append(timestamp=None, key=key, value=body or None, headers=_HEADERS) is not None


async def _send(producer: AIOKafkaProducer, place: TopicPartition, batch: Any) -> Any:
    batch.close()
    return await producer.send_batch(batch, place.topic, partition=place.partition)


@lru_cache(_KEYS_REMEMBERED)
def _partition(key: bytes, partitions: int) -> int:
    """Return a key's partition, as every Kafka client computes it (murmur2)."""
    numbers = list(range(partitions))
    return int(DefaultPartitioner()(key, numbers, numbers))
