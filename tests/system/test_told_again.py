"""The simulated housing system started where days have ended already, as the second `up` of a demo in compose does."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.cli.days import HOUSING_TOPICS, end_day
from shared.cli.kafka import Broker, producing, reading
from shared.events.topics import DAY_ENDED, UNIT_REGISTERED
from shared.simulation.system import story_of
from tests.support.kafka_tools import KafkaTools

STORY = story_of(1, 1)


async def end(broker: Broker, first: date, last: date) -> int:
    """End these days as something else does; returns how many."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    async with reading(broker, [DAY_ENDED.topic], HOUSING_TOPICS) as reader, producing(broker) as producer:
        for day in days:
            await end_day(producer, reader, broker, day, event_id=f"d/{day}", source="a-test", time=datetime.now(UTC))
    return len(days)


async def played(kafka: KafkaTools) -> tuple[int | None, dict[str, Any]]:
    """Start the housing system, and return its exit code and the last thing it told."""
    command = (sys.executable, "-m", "shared.simulation", "--units", "1", "--quarters", "1", "--patience", "2")
    where = {"CLOSEBOOK_KAFKA": kafka.bootstrap, "CLOSEBOOK_TOPIC_PREFIX": kafka.prefix}
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **where}, stdout=PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return process.returncode, told


async def said(kafka: KafkaTools) -> tuple[int, int]:
    """How many units are registered, and how many days ended."""
    units, days = [await kafka.end_offsets(channel.topic) for channel in (UNIT_REGISTERED, DAY_ENDED)]
    return sum(units.values()), sum(days.values())


async def test_a_story_that_was_told_is_not_told_again(kafka: KafkaTools) -> None:
    """It ends with 0, for the scheduler waits for it; the scheduler has ended more days since."""
    await kafka.provide()
    ended = await end(Broker(kafka.bootstrap, kafka.prefix), STORY.opened_on, STORY.last + timedelta(days=3))

    assert await played(kafka) == (0, {"at": "told", "last": str(STORY.last)})
    assert await said(kafka) == (0, ended)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 11, 27), date(2026, 11, 28)), (STORY.opened_on, STORY.last - timedelta(days=1))],
    ids=["another's days", "broken off"],
)
async def test_a_story_that_cannot_be_told_here_any_more_is_refused(kafka: KafkaTools, first: date, last: date) -> None:
    await kafka.provide()
    ended = await end(Broker(kafka.bootstrap, kafka.prefix), first, last)

    code, told = await played(kafka)

    assert (code, told["at"]) == (1, "failed")
    assert f"days from {first} to {last} have ended here" in told["why"]
    assert await said(kafka) == (0, ended)


async def test_where_no_day_has_ended_it_begins(kafka: KafkaTools) -> None:
    """Nobody closes days here, so it gives up after the first."""
    await kafka.provide()

    code, told = await played(kafka)

    assert (code, told["at"]) == (1, "failed")
    assert "was not closed by owners, billing" in told["why"]
    assert (await said(kafka))[0] > 0
