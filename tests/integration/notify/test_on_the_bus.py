"""Notify on the real bus: it closes its day when letters are queued, they leave at once, and their end is on Kafka."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from services.notify.app import build
from services.notify.settings import Settings
from shared.events import topics
from shared.events.base import Event, EventData
from shared.events.calendar import DayClosed, DayEnded, TopicTotal
from shared.events.decode import decode
from shared.events.envelope import encode
from shared.events.notify import MessageSent
from shared.events.topics import Channel, key_of, pence_of
from tests.integration.notify.conftest import CHANNELS, DAY
from tests.integration.notify.post_office import PostOffice
from tests.support.bus import eventually, running
from tests.support.kafka_tools import PARTITIONS, KafkaTools
from tests.support.letters import a_line, a_party, a_statement, a_unit, an_account
from tests.support.servers import Databases

HEARD: list[EventData] = [a_unit(), a_line(), a_party(), an_account(), a_statement()]


async def say(kafka: KafkaTools, channel: Channel, data: EventData) -> None:
    key = key_of(channel, data)
    value = encode(
        channel, data, id=f"{channel.topic}-{key}", source=f"closebook/{channel.owner}",
        time=datetime(2026, 4, 1, tzinfo=UTC), book=DAY, aggver=1,
    )  # fmt: skip
    await kafka.send(channel.topic, value, key=key.encode())


async def close(kafka: KafkaTools, service: str) -> None:
    """Say that a service before us has closed the day: its cut and its totals."""
    mine = [(CHANNELS[type(data)], data) for data in HEARD if CHANNELS[type(data)].owner == service]
    ends = {c.topic: tuple(end for _, end in sorted((await kafka.end_offsets(c.topic)).items())) for c, _ in mine}
    totals = {c.topic: TopicTotal(events=1, amount_pence=pence_of(c, data)) for c, data in mine if c.totals}
    await say(kafka, topics.DAY_CLOSED[service], DayClosed(day=DAY, after=ends, totals=totals))


async def test_a_day_closes_with_its_letters_queued_and_they_leave_at_once(
    databases: Databases, kafka: KafkaTools, tmp_path: Path
) -> None:
    urls, mail = await databases("notify"), PostOffice()
    await kafka.provide()
    await mail.open()
    configuration = Settings(
        database_url=urls.app_url, kafka=kafka.bootstrap, topic_prefix=kafka.prefix, partitions=PARTITIONS,
        smtp_host="127.0.0.1", smtp_port=mail.port, smtp_tls="none", sender="Rowanbank <f@rowanbank.example>",
        print_dir=tmp_path,
    )  # fmt: skip
    sql = await asyncpg.connect(urls.owner_url)

    async def all_said() -> bool:
        return bool(await sql.fetchval("select count(*) = 2 and bool_and(said) from notify.messages"))

    async def nothing_unacknowledged() -> bool:
        return not await sql.fetchval("select count(*) from msg.outbox_pending")

    async with running(build(configuration), configuration) as service:
        await say(kafka, topics.DAY_ENDED, DayEnded(day=DAY))
        for data in HEARD:
            await say(kafka, CHANNELS[type(data)], data)
        for name in ("owners", "billing", "arrears"):
            await close(kafka, name)
        await eventually(all_said, seconds=60)
        await eventually(nothing_unacknowledged, seconds=60)
        assert service.service.status is not None
        status: dict[str, Any] = await service.service.status(service)
    waited = await sql.fetchval("select max(sent_at - due_at) from notify.messages")
    await sql.close()
    await mail.close()

    assert waited.total_seconds() < 10
    assert len(mail.taken) == 2
    assert status["mail"]["messages"]["handed-over"] == 2
    said = [decode(record) for record in await kafka.read_all("notify.message-sent")]
    events = [event for event in said if isinstance(event, Event)]
    assert sorted(event.data.template for event in events if isinstance(event.data, MessageSent)) == [
        "statement",
        "welcome",
    ]
    assert {event.correlation_id for event in events} == {"billing.account-opened-A1", "billing.statement-issued-A1"}
    (day,) = [decode(record) for record in await kafka.read_all("notify.day-closed")]
    assert isinstance(day, Event)
    assert isinstance(day.data, DayClosed)
    assert day.data.day == DAY
