"""Ending days and waiting for the four services: what `closebook close` does, without its words."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.cli import output
from shared.cli.api import Api
from shared.cli.days import (
    HOUSING_TOPICS,
    STRETCH,
    Closings,
    end_day,
    read_calendar,
    seek_last_closings,
)
from shared.cli.environment import Environment
from shared.cli.errors import CliError, ExitCode
from shared.cli.kafka import Broker, Reader, producing, reading
from shared.cli.standing import Quarantine, ServiceStatus, patience, statuses
from shared.events.calendar import MOST_DAYS_AT_ONCE
from shared.events.topics import DAY_ENDED, LINE_OF_SERVICES

SOURCE = "closebook/cli"
_ASK_EVERY_S = 1.0
# The closing itself is heard on Kafka at once; the services are only asked what they wait for, to tell the person.


@dataclass
class Closing:
    """The days being closed and how far each service has come."""

    days: Sequence[date]
    closed: dict[str, date] = field(default_factory=dict)
    waiting: list[ServiceStatus] = field(default_factory=list)
    seconds: float = 0.0
    waited: bool = True

    @property
    def through(self) -> date:
        """The last of the days."""
        return self.days[-1]

    def missing(self) -> list[str]:
        """Return the services that have not closed them all, in the order of the line."""
        return [name for name in LINE_OF_SERVICES if self.closed.get(name, date.min) < self.through]

    def differences(self) -> list[ServiceStatus]:
        """Return the services whose days stand still because a control total differs."""
        return [service for service in self.waiting if service.totals_difference]

    def quarantines(self) -> list[Quarantine]:
        """Return the partitions in quarantine that keep services from closing the days."""
        return [one for service in self.waiting if service.name in self.missing() for one in service.holding_up]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for ``--json``."""
        return {
            "ok": not self.waited or not self.missing(),
            "days": [day.isoformat() for day in self.days],
            "closed": {name: day.isoformat() for name, day in sorted(self.closed.items())},
            "waiting": [service.as_json() for service in self.waiting if service.name in self.missing()],
            "seconds": round(self.seconds, 3),
        }


async def close_days(known: Environment, closing: Closing, seconds: float) -> None:
    """End the days on Kafka and, unless told otherwise, wait for the four services."""
    broker, started = Broker.of(known), time.monotonic()
    topics = [DAY_ENDED.topic, *Closings.topics]
    async with reading(broker, topics, HOUSING_TOPICS) as reader:
        await _check_calendar(reader, closing)
        await _say_days(broker, reader, closing.days)
        if closing.waited:
            await hear_closings(reader, closing, Api(known), started + seconds)
    closing.seconds = time.monotonic() - started


async def _check_calendar(reader: Reader, closing: Closing) -> None:
    """Refuse what the services would refuse, before it is said."""
    calendar = await read_calendar(reader)
    if calendar is None:
        return
    if closing.days[0] < calendar.first:
        raise CliError(
            f"The books begin on {calendar.first}: {closing.days[0]} can never be closed.",
            "Name a later day.",
            ExitCode.USAGE,
        )
    if (closing.days[0] - calendar.last).days > MOST_DAYS_AT_ONCE:
        following = calendar.last + timedelta(days=1)
        raise CliError(
            f"The last day ended is {calendar.last}; more than {MOST_DAYS_AT_ONCE} days at once are refused.",
            f"Go there day by day, first: closebook close {following} --through {following + STRETCH}",
            ExitCode.USAGE,
        )


async def _say_days(broker: Broker, reader: Reader, days: Sequence[date]) -> None:
    async with producing(broker) as producer:
        for day in days:
            event_id = f"day-ended/{day}/{uuid.uuid4()}"
            await end_day(producer, reader, broker, day, event_id=event_id, source=SOURCE, time=datetime.now(UTC))


async def hear_closings(reader: Reader, closing: Closing, api: Api, deadline: float) -> None:
    """Hear the closings on Kafka until all are there, the time is up, or only a person can let them go on."""
    closings, told, ask_at = Closings(), dict[str, str](), time.monotonic() + _ASK_EVERY_S
    await seek_last_closings(reader)
    while closings.missing(closing.through):
        left = deadline - time.monotonic()
        if left <= 0 or closing.differences() or closing.quarantines():
            break
        records = await reader.read(timeout_ms=max(1, int(min(left, ask_at - time.monotonic()) * 1000)))
        for name in sorted(closings.hear(records), key=LINE_OF_SERVICES.index):
            _tell_once(told, name, f"closed {closings.last[name].day}")
        closing.closed = {name: heard.day for name, heard in closings.last.items()}
        if time.monotonic() >= ask_at:
            closing.waiting = await asyncio.to_thread(statuses, api, patience(deadline))
            ask_at = time.monotonic() + _ASK_EVERY_S
            for service in closing.waiting:
                _tell_once(told, service.name, service.in_words())
    helpless = closing.differences() or closing.quarantines()
    if closing.missing() and not helpless and time.monotonic() >= ask_at:
        closing.waiting = await asyncio.to_thread(_asked_last, api, closing.waiting)


def _asked_last(api: Api, known: Sequence[ServiceStatus]) -> list[ServiceStatus]:
    """Ask once more when the time is up; of a service that gives no answer now, what it said before is known."""
    before = {service.name: service for service in known}
    return [before.get(one.name, one) if one.away else one for one in statuses(api, patience(time.monotonic()))]


def _tell_once(told: dict[str, str], name: str, words: str) -> None:
    if told.get(name) != words:
        told[name] = words
        output.say(f"{name}: {words}")
