"""Empty days a second through the whole line of four services in four processes."""

from datetime import date, timedelta

import asyncpg

from shared.cli.supervisor import Stack
from shared.embedded.databases import provision
from shared.embedded.mail import EmbeddedMail
from shared.embedded.stack import Servers
from shared.events.topics import DAY_ENDED, LINE_OF_SERVICES
from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, until
from tests.support.bus import cloud_event
from tests.support.kafka_tools import KafkaTools

_FIRST = date(2026, 1, 3)  # no quarter, month or working day depends on it: nothing is due in the days measured
_PREFIX = "benchdays."


async def measure(stage: Stage) -> list[Figure]:
    """End stretches of days at once and time the line from its first close to its last."""
    days = 10 if stage.quick else 40
    mail = await EmbeddedMail(stage.directory / "mail").start()
    stack = Stack(
        stage.directory / "days", servers=Servers(stage.kafka, stage.postgres, mail), topic_prefix=_PREFIX,
    )  # fmt: skip
    kafka = KafkaTools(stage.kafka.bootstrap, _PREFIX)
    rates = []
    try:
        await stack.start()
        urls = await provision(stage.postgres.admin_url)
        sql = await asyncpg.connect(urls[LINE_OF_SERVICES[-1]].owner_url)
        await _end(kafka, sql, _FIRST)
        for number in range(stage.rounds):
            last = _FIRST + timedelta(days=days * (number + 1))
            await _end(kafka, sql, last)
            rates.append(await _rate(sql, last - timedelta(days=days - 1), last))
        await sql.close()
    finally:
        await kafka.close()
        await stack.stop()
        await mail.stop()
    return [Figure("days.empty", "days/s", tuple(rates), least=7)]


async def _end(kafka: KafkaTools, sql: asyncpg.Connection, day: date) -> None:
    """End every day up to ``day`` and wait until the last service has closed it."""
    event = cloud_event(DAY_ENDED.topic, {"day": day.isoformat(), "after": {}}, f"end-{day}", source="calendar")
    await kafka.send(DAY_ENDED.topic, event, key=b"calendar")
    await until(sql, "select exists (select from msg.closed_day where day = $1)", day)


async def _rate(sql: asyncpg.Connection, first: date, last: date) -> float:
    row = await sql.fetchrow(
        "select min(closed_at) as first, max(closed_at) as last, count(*) as days from msg.closed_day"
        " where day between $1 and $2", first, last,
    )  # fmt: skip
    assert row is not None
    return float((row["days"] - 1) / (row["last"] - row["first"]).total_seconds())
