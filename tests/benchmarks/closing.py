"""Ending a day for one service alone: the calendar and the services before it say what they would say."""

from datetime import UTC, date, datetime

from shared.events.calendar import DayClosed, DayEnded
from shared.events.envelope import encode
from shared.events.topics import DAY_CLOSED, DAY_ENDED, LINE_OF_SERVICES
from tests.benchmarks.stage import Office, until

_NOW = datetime(2026, 4, 2, 0, 5, tzinfo=UTC)
_TOOK = """
select extract(epoch from pg_xact_commit_timestamp(closed.xmin) - pg_xact_commit_timestamp(ended.xmin))::float8
from msg.closed_day as closed join msg.ended_day as ended using (day) where day = $1
"""


async def close_day(office: Office, day: date, nth: int = 1) -> float:
    """End ``day``, the ``nth`` of the office; return the seconds from learning that it ended to its close."""
    await office.kafka.send(
        DAY_ENDED.topic, encode(DAY_ENDED, DayEnded(day=day), id=f"end-{day}", source="calendar", time=_NOW)
    )
    for name in LINE_OF_SERVICES[: LINE_OF_SERVICES.index(office.service)]:
        channel, closed = DAY_CLOSED[name], DayClosed(day=day, after={}, totals={})
        value = encode(
            channel, closed, id=f"{name}-{day}", source=f"closebook/{name}", time=_NOW, book=day, aggver=nth,
            correlation_id=f"end-{day}",
        )  # fmt: skip
        await office.kafka.send(channel.topic, value, key=b"calendar")
    await until(office.sql, "select exists (select from msg.closed_day where day = $1)", day)
    return float(await office.sql.fetchval(_TOOK, day))
