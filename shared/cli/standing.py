"""How each service stands, by its own word: what it waits for, what was stopped, and what a person can do about it."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.events.topics import LINE_OF_SERVICES
from shared.log_events import LogEvent

ANSWER_S = 5.0
"""How long a service may take to say how it stands: it waits two seconds for Kafka itself."""
_LEAST_S = 3.0
"""Less would call a service away that only waits for Kafka."""
PATIENT_S = 60.0
"""How long it may take where it has proved a large ledger just before."""
NOT_READY = "docs/runbooks/not-ready.md"
"""What to do about a service that does not answer as it should."""


@dataclass(frozen=True)
class Quarantine:
    """A partition that stands still until a person lets it go on; ``lag`` is ``None`` while Kafka does not answer."""

    service: str
    topic: str
    partition: int
    reason: str
    lag: int | None

    def __str__(self) -> str:
        waiting = f" with {self.lag} records to read" if self.lag else ""
        return f"{self.topic}/{self.partition} ({self.reason}) is in quarantine{waiting}"

    @property
    def release(self) -> str:
        """The command that lets it go on."""
        where = f"{self.service} --topic {self.topic} --partition {self.partition}"
        return f'closebook dead-letters release {where} --reason "what was mended"'

    def as_json(self) -> dict[str, Any]:
        """Return which partition it is, and why it stopped."""
        return {"service": self.service, "topic": self.topic, "partition": self.partition, "reason": self.reason}


def how_to_release(quarantines: Iterable[Quarantine]) -> str:
    """Return what a person does about partitions in quarantine."""
    commands = ", ".join(f"`{one.release}`" for one in quarantines)
    return f"Only a person ends that: mend the cause (docs/runbooks/quarantine.md), then {commands}."


@dataclass(frozen=True)
class ServiceStatus:
    """How one service stands, by its own word; ``away`` when it gave none."""

    name: str
    away: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def last_day_closed(self) -> str | None:
        """The last day the service has closed."""
        return self.body.get("last_day_closed")

    @property
    def totals_difference(self) -> str:
        """The control total that differs and stops this service's days, in words; empty when none does."""
        found = self.body.get("totals_difference")
        if isinstance(found, dict):
            return str(found.get("detail") or ", ".join(f"{name} {value}" for name, value in found.items()))
        return str(found or "")

    @property
    def quarantined(self) -> list[Quarantine]:
        """The partitions that stand still until a person lets them go on."""
        return [
            Quarantine(
                self.name, place["topic"], place["partition"], place.get("reason") or "no reason kept", place.get("lag")
            )
            for place in self.body.get("partitions", ())
            if place.get("quarantined")
        ]

    @property
    def holding_up(self) -> list[Quarantine]:
        """The partitions in quarantine that the next day waits for: a day whose cut lies before them does not."""
        waits = f"{self.body.get('waiting_for') or ''}"
        return [one for one in self.quarantined if waits.startswith(f"{one.topic} partition {one.partition}:")]

    @property
    def stopped(self) -> list[str]:
        """The partitions whose log is another one or has lost records: what stopped each, and its runbook."""
        return [
            f"{self.name} {place['topic']}/{place['partition']} ({event}, docs/runbooks/{event.runbook}.md)"
            for place in self.body.get("partitions", ())
            if place.get("stopped") and not place.get("quarantined")
            for event in [LogEvent[place["stopped"].upper()]]
        ]

    @property
    def lacks_kafka(self) -> bool:
        """Whether the service answers, and has no answer from Kafka."""
        return self.body.get("kafka_answers") is False

    @property
    def retrying(self) -> str:
        """The step of a day that fails again and again, in words with what failed last; empty when none does."""
        found = self.body.get("retrying")
        if not found:
            return ""
        doing = f"working {self.body['working']}" if self.body.get("working") else "beginning the next day"
        return f"{doing} (tried {found['tries']} times, last failed: {found['failed']})"

    def standstill(self) -> str:
        """Return why no day moves on: what fails, or what it waits for; empty: nothing is to be done, or all well."""
        held_up = ", ".join(map(str, self.holding_up))
        return self.away or self.totals_difference or self.retrying or held_up or self.body.get("waiting_for") or ""

    def in_words(self) -> str:
        """Return what the service waits for."""
        if self.totals_difference:
            return f"stopped, totals differ: {self.totals_difference}"
        if self.away or self.retrying or self.holding_up:
            return self.standstill()
        if self.body.get("waiting_for"):
            return f"waits for {self.body['waiting_for']}"
        if self.body.get("working"):
            return f"working {self.body['working']}"
        return f"last day closed {self.last_day_closed or 'none yet'}"

    def as_json(self) -> dict[str, Any]:
        """Return the shape of design.md section 6; numbers are absent when the service is away."""
        if self.away:
            return {"name": self.name, "last_day_closed": None, "waiting_for": None, "error": self.away}
        return (
            {"outbox": 0, "held": 0, "dead_letters": 0, "lag": 0, "waiting_for": None} | self.body | {"name": self.name}
        )


def patience(deadline: float) -> float:
    """Return how long a question may take before ``deadline``: as long as any, but no less than an answer takes."""
    return min(ANSWER_S, max(_LEAST_S, deadline - time.monotonic()))


def status_of(api: Api, name: str, seconds: float = ANSWER_S) -> ServiceStatus:
    """Ask one service how it stands; not answering within ``seconds`` is an answer."""
    try:
        return ServiceStatus(name, body=dict(api.get(name, "/bus/status", seconds=seconds)))
    except CliError as error:
        if error.code == ExitCode.USAGE:
            raise
        return ServiceStatus(name, away=error.problem)


def statuses(api: Api, seconds: float = ANSWER_S) -> list[ServiceStatus]:
    """Ask all four services, at the same time."""
    with ThreadPoolExecutor(len(LINE_OF_SERVICES)) as pool:
        return list(pool.map(lambda name: status_of(api, name, seconds), LINE_OF_SERVICES))
