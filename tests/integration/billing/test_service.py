"""The whole billing service between real Kafka and real PostgreSQL: records in, events and a closed quarter out."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.billing import app
from shared.events.base import EventData
from shared.events.calendar import DayClosed, DayEnded, TopicTotal
from shared.events.envelope import encode
from shared.events.topics import (
    ACCOUNT_CHARGED,
    DAY_CLOSED,
    DAY_ENDED,
    ITEMS_CHANGED,
    STATEMENT_ISSUED,
    Channel,
    key_of,
)
from tests.integration.billing.conftest import START, Desk
from tests.integration.billing.facts import CHANNELS, a_charge, a_line, a_payment, a_unit
from tests.support import bus
from tests.support.bus import heard
from tests.support.kafka_tools import KafkaTools

UNITS = [f"U{number}" for number in range(12)]


class Neighbours:
    """The housing system, the scheduler and owners, as far as billing hears them."""

    def __init__(self, desk: Desk, kafka: KafkaTools) -> None:
        self.desk = desk
        self.kafka = kafka
        self.said: dict[str, int] = {}

    async def say(self, *events: EventData) -> None:
        for data in events:
            record = self.desk.taken(data).record
            topic = CHANNELS[type(data)].topic
            self.said[topic] = self.said.get(topic, 0) + 1
            await self.kafka.send_many(topic, [(record.key or b"", record.value or b"")])

    async def close(self, day: date) -> None:
        """End a day, and close it as owners does: with the totals of what it said."""
        ended = DayEnded(day=day, after=await self._ends("housing."))
        await self._calendar(DAY_ENDED, ended, f"end-{day}", {})
        totals = {
            topic: TopicTotal(events=count, amount_pence=0) for topic, count in self.said.items() if "owners" in topic
        }
        closed = DayClosed(day=day, after=await self._ends("owners."), totals=totals)
        self.desk.versions["owners.day-closed", "calendar"] += 1
        version = self.desk.versions["owners.day-closed", "calendar"]
        await self._calendar(DAY_CLOSED["owners"], closed, f"closed-{day}", {"book": day, "aggver": version})

    async def _ends(self, owner: str) -> dict[str, tuple[int, ...]]:
        topics = [channel.topic for channel in CHANNELS.values() if channel.topic.startswith(owner)]
        return {
            topic: tuple(offset for _, offset in sorted((await self.kafka.end_offsets(topic)).items()))
            for topic in topics
        }

    async def _calendar(self, channel: Channel, data: EventData, event_id: str, ours: dict[str, Any]) -> None:
        source = "closebook/owners" if ours else "scheduler"
        value = encode(channel, data, id=event_id, source=source, time=START, **ours)
        await self.kafka.send_many(channel.topic, [(key_of(channel, data).encode(), value)])


@pytest.fixture
async def neighbours(desk: Desk, kafka: KafkaTools) -> Neighbours:
    await kafka.provide()
    desk.book = date(1970, 1, 1)
    return Neighbours(desk, kafka)


async def test_charges_and_payments_become_statements_and_items_once(
    desk: Desk, kafka: KafkaTools, neighbours: Neighbours
) -> None:
    settings: Any = bus.settings(desk.urls, kafka.bootstrap, kafka.prefix)
    await neighbours.say(*(a_charge(f"C{unit}", 1200, unit=unit, on="2026-01-05") for unit in UNITS))
    async with bus.running(app.build(settings), settings):
        await neighbours.say(*map(a_unit, UNITS), *(a_line(unit, ("A", "2025-06-01")) for unit in UNITS))
        await neighbours.say(*(a_payment(f"P{unit}", 200, on="2026-02-01", unit_id=unit) for unit in UNITS))
        await neighbours.close(date(2026, 3, 31))
        await neighbours.close(date(2026, 4, 1))
        await bus.eventually(lambda: closed_days(kafka, 2), seconds=40)
    statements = await heard(kafka, STATEMENT_ISSUED)
    assert sorted(statement.unit_id for statement in statements) == sorted(UNITS)
    assert {(statement.quarter, statement.total_pence) for statement in statements} == {("2026Q1", 1000)}
    assert sum(event.amount_pence for event in await heard(kafka, ACCOUNT_CHARGED)) == 1200 * len(UNITS)
    last = {event.account_id: event for event in await heard(kafka, ITEMS_CHANGED)}
    assert {sum(item.open_pence for item in event.items) for event in last.values()} == {1000}
    closed = (await heard(kafka, DAY_CLOSED["billing"]))[-1]
    assert closed.totals[STATEMENT_ISSUED.topic] == TopicTotal(events=len(UNITS), amount_pence=1000 * len(UNITS))
    assert await desk.wrong() == []


async def closed_days(kafka: KafkaTools, wanted: int) -> bool:
    await asyncio.sleep(0.05)
    return len(await kafka.read_all(DAY_CLOSED["billing"].topic)) >= wanted
