"""A page goes out in two waits: what transactions took in is with the broker before what they led to is sent."""

import asyncio
from typing import Any

from shared.bus.parcels import send_page


class Batch:
    """A batch of the library, as far as the page needs it."""

    def append(self, **_record: Any) -> object:
        return object()

    def close(self) -> None:
        """Nothing is added any more."""


class Producer:
    """Answers a while after it was sent something, and writes down which came when."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, _batch: Batch, topic: str, *, partition: int) -> "asyncio.Task[None]":
        self.seen.append(f"sent {topic}/{partition}")
        return asyncio.create_task(self._answer(topic))

    async def _answer(self, topic: str) -> None:
        await asyncio.sleep(0.01)
        self.seen.append(f"answered {topic}")


async def test_what_was_taken_in_is_acknowledged_before_what_it_led_to_is_sent() -> None:
    topics = ("billing.charge-raised", "billing.taken-in", "billing.items-changed", "billing.taken-in")
    page: Any = [{"seq": n, "topic": topic, "msg_key": "k", "body": b"{}"} for n, topic in enumerate(topics)]
    producer: Any = Producer()
    await send_page(producer, "p.", page)
    assert producer.seen[:2] == ["sent p.billing.taken-in/0", "answered p.billing.taken-in"]
    assert sorted(producer.seen[2:4]) == ["sent p.billing.charge-raised/0", "sent p.billing.items-changed/0"]
    assert len(producer.seen) == 6


async def test_a_day_is_closed_for_everybody_before_anything_of_the_next_book_is_sent() -> None:
    """A page may end one book and begin the next: a note of the next without the close before it explains nothing."""
    topics = ("billing.taken-in", "billing.day-closed", "billing.taken-in", "billing.items-changed")
    page: Any = [{"seq": n, "topic": topic, "msg_key": "k", "body": b"{}"} for n, topic in enumerate(topics)]
    producer: Any = Producer()
    await send_page(producer, "p.", page)
    assert producer.seen == [
        f"{what} p.{topic}{place}" for topic in topics for what, place in (("sent", "/0"), ("answered", ""))
    ]
