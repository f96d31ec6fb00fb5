"""Arrears on the real bus: it closes its day after billing, and its letter is on Kafka by then."""

from datetime import UTC, date, datetime, timedelta

import asyncpg

from services.arrears.app import build
from shared.events import topics
from shared.events.arrears import StageReached
from shared.events.base import Event, EventData
from shared.events.calendar import DayClosed, DayEnded, TopicTotal
from shared.events.decode import decode
from shared.events.envelope import encode
from shared.events.topics import Channel, key_of
from tests.integration.arrears.conftest import ISSUED, item, items_changed, opened
from tests.support.bus import eventually, running, settings
from tests.support.kafka_tools import KafkaTools
from tests.support.servers import Databases

DAY = ISSUED + timedelta(days=35)


def closed(totals: dict[str, TopicTotal], ends: dict[str, tuple[int, ...]]) -> DayClosed:
    return DayClosed(day=DAY, after=ends, totals=totals)


async def test_a_day_is_closed_after_billings_with_its_letter_said(databases: Databases, kafka: KafkaTools) -> None:
    urls = await databases("arrears")
    await kafka.provide()

    async def say(channel: Channel, data: EventData, *, book: date | None = DAY) -> None:
        key = key_of(channel, data)
        value = encode(
            channel, data, id=f"{channel.topic}-{key}", source=f"closebook/{channel.owner}", time=datetime.now(UTC),
            book=book, aggver=1,
        )  # fmt: skip
        await kafka.send(channel.topic, value, key=key.encode())

    async def days() -> bool:
        rows = await sql.fetch("select day from msg.closed_day")
        return [row["day"] for row in rows] == [DAY]

    sql = await asyncpg.connect(urls.owner_url)
    configuration = settings(urls, kafka.bootstrap, kafka.prefix)
    async with running(build(configuration), configuration):
        await say(topics.DAY_ENDED, DayEnded(day=DAY))
        await say(topics.DAY_CLOSED["owners"], closed({}, {}))
        await say(topics.ITEMS_CHANGED, items_changed(item()))
        await say(topics.ACCOUNT_OPENED, opened())
        heard = (topics.ITEMS_CHANGED.topic, topics.ACCOUNT_OPENED.topic)
        ends = {topic: tuple(end for _, end in sorted((await kafka.end_offsets(topic)).items())) for topic in heard}
        totals = {
            topics.ITEMS_CHANGED.topic: TopicTotal(events=1, amount_pence=9550),
            topics.ACCOUNT_OPENED.topic: TopicTotal(events=1, amount_pence=0),
        }
        await say(topics.DAY_CLOSED["billing"], closed(totals, ends))
        await eventually(days)
    await sql.close()

    said = [decode(record) for record in await kafka.read_all("arrears.stage-reached")]
    (letter,) = [event for event in said if isinstance(event, Event)]
    assert isinstance(letter.data, StageReached)
    assert (letter.book, letter.data.stage_on, letter.pence) == (DAY, DAY, 9550)
    (day,) = [decode(record) for record in await kafka.read_all("arrears.day-closed")]
    assert isinstance(day, Event)
    assert isinstance(day.data, DayClosed)
    assert day.data.totals["arrears.stage-reached"] == TopicTotal(events=1, amount_pence=9550)
