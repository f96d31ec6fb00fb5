"""Waiting for quiet or for a day ends at once where only a person can end it, and the command is named."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from shared.cli.api import Api
from shared.cli.close import tell
from shared.cli.closing import Closing, hear_closings
from shared.cli.environment import resolve
from shared.cli.errors import CliError
from shared.cli.kafka import Reader
from shared.cli.main import run
from shared.events.calendar import DayClosed
from shared.events.decode import Record
from shared.events.envelope import encode
from shared.events.topics import DAY_CLOSED
from tests.support.played import QUIET, Services, services_of

PLACE: dict[str, Any] = {
    "topic": "housing.payment-reversed", "partition": 1, "position": 50, "end": 60, "lag": 10, "quarantined": True,
    "reason": "50 dead letters in a row", "stopped": "quarantine_tripped",
}  # fmt: skip
RELEASE = (
    'closebook dead-letters release billing --topic housing.payment-reversed --partition 1 --reason "what was mended"'
)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    with services_of(monkeypatch) as played:
        yield played


def stop(services: Services, **more: Any) -> None:
    """Let a partition of billing be in quarantine with ten records behind it."""
    services.says("billing", "GET /bus/status", QUIET | {"lag": 10, "partitions": [PLACE]} | more)


def test_settling_does_not_wait_for_a_partition_in_quarantine(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    stop(services)
    started = time.monotonic()
    assert run(["settle", "--timeout", "60"]) == 1
    assert time.monotonic() - started < 10
    told = capsys.readouterr().err
    where = "housing.payment-reversed/1 (50 dead letters in a row) is in quarantine with 10 records to read"
    assert f"Not settled: billing: {where}." in told
    assert f"`{RELEASE}`" in told
    assert "docs/runbooks/quarantine.md" in told
    assert "--timeout" not in told


@pytest.mark.parametrize(
    ("billing", "notify", "told"),
    [
        ({"working": "2026-05-08"}, {}, "billing: works on 2026-05-08"),
        ({"last_day_closed": "2026-05-07"}, {}, "billing: days to close"),
        ({}, {"last_day_closed": "2026-05-07"}, "notify: days to close"),
        ({"last_day_closed": None}, {"working": "2026-05-07"}, "billing: days to close; notify: works on 2026-05-07"),
    ],
)
def test_days_that_are_still_to_be_closed_move_though_all_is_read_and_said(
    services: Services, capsys: pytest.CaptureFixture[str], billing: Any, notify: Any, told: str
) -> None:
    """Their work writes letters: of the day it is on, or between one day and the next."""
    for name, body in (("owners", {}), ("billing", billing), ("arrears", {}), ("notify", notify)):
        services.says(name, "GET /bus/status", QUIET | {"last_day_closed": "2026-05-08"} | body)
    assert run(["settle", "--timeout", "0"]) == 1
    assert f"Not settled after 0 s: {told}." in capsys.readouterr().err


@pytest.mark.parametrize(
    "stands",
    [{"totals_difference": {"charges": -1}}, {"waiting_for": "owners to close 2026-05-08"}, {"partitions": [PLACE]}],
)
def test_days_that_stand_still_do_not_move(
    services: Services, capsys: pytest.CaptureFixture[str], stands: dict[str, Any]
) -> None:
    """What one waits for moves itself, or only a person ends it."""
    behind = {"last_day_closed": "2026-05-07", "working": "2026-05-08"}
    services.says("owners", "GET /bus/status", QUIET | {"last_day_closed": "2026-05-08"})
    services.says("billing", "GET /bus/status", QUIET | behind | stands)
    for name in ("arrears", "notify"):
        services.says(name, "GET /bus/status", QUIET | {"waiting_for": "billing to close 2026-05-08"})
    run(["settle", "--timeout", "0", "--json"])
    moving = str(json.loads(capsys.readouterr().out)["moving"])
    assert "works on" not in moving
    assert "days to close" not in moving


def test_a_program_learns_what_is_in_quarantine(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    stop(services)
    assert run(["settle", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["quarantined"] == [
        {"service": "billing", "topic": "housing.payment-reversed", "partition": 1, "reason": PLACE["reason"]}
    ]


def test_what_else_moves_beside_a_quarantine_is_counted_apart(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    stop(services, lag=13, outbox=2)
    assert run(["settle"]) == 1
    assert "with 10 records to read, 3 records to read, 2 events to say" in capsys.readouterr().err


def test_a_partition_in_quarantine_that_was_read_to_its_end_holds_nobody_up(services: Services) -> None:
    stop(services, lag=0, partitions=[PLACE | {"lag": 0}])
    assert run(["settle"]) == 0


class Silence:
    """Kafka with no closing of any day."""

    async def ends(self, topics: Iterable[str]) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(topics, (0,))

    async def starts(self, _: str) -> tuple[int, ...]:
        return (0,)

    def seek(self, topic: str, offsets: Sequence[int]) -> None:
        pass

    async def read(self, timeout_ms: int) -> list[Any]:
        await asyncio.sleep(timeout_ms / 1000)
        return []


class Heard(Silence):
    """Kafka with the word of owners that they have closed the day."""

    def __init__(self) -> None:
        channel = DAY_CLOSED["owners"]
        said = DayClosed(day=date(2026, 4, 2), after={}, totals={})
        value = encode(channel, said, id="x", source="closebook/owners", time=datetime.now(UTC),
                       book=date(2026, 4, 2), aggver=1)  # fmt: skip
        self.records = [Record(channel.topic, 0, 0, None, value)]

    async def read(self, timeout_ms: int) -> list[Any]:
        await super().read(timeout_ms)
        said, self.records = self.records, []
        return said


async def closing(seconds: float, heard: type[Silence] = Silence) -> tuple[CliError, float]:
    """Wait so long for a day that not all close; returns what is told, and how long it took."""
    waited, started = Closing([date(2026, 4, 2)]), time.monotonic()
    await hear_closings(cast("Reader", heard()), waited, Api(resolve()), started + seconds)
    waited.seconds = time.monotonic() - started
    with pytest.raises(CliError) as told:
        tell(waited, as_json=False)
    return told.value, waited.seconds


WAITS = {"waiting_for": "housing.payment-reversed partition 1: 10 to read"}


async def test_closing_does_not_wait_for_a_partition_in_quarantine(services: Services) -> None:
    stop(services, **WAITS)
    told, seconds = await closing(60)
    assert seconds < 10
    assert told.problem == (
        "billing does not close 2026-04-02: housing.payment-reversed/1 (50 dead letters in a row) is in quarantine"
        " with 10 records to read."
    )
    assert f"`{RELEASE}`" in told.next_step


async def test_a_day_that_ended_before_the_quarantine_is_waited_for(services: Services) -> None:
    stop(services, waiting_for="owners to close 2026-04-02")
    told, seconds = await closing(2)
    assert seconds >= 2
    assert "billing: waits for owners to close 2026-04-02" in told.problem


async def test_whoever_has_closed_the_day_holds_nobody_up_with_the_next(services: Services) -> None:
    services.says("owners", "GET /bus/status", QUIET | {"partitions": [PLACE], "lag": 10} | WAITS)
    told, seconds = await closing(4, Heard)
    assert seconds >= 4
    assert "not closed by billing, arrears, notify" in told.problem
