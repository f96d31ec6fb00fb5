"""`closebook status`: each service's partitions, outbox, held events, dead letters and days."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import typer

from shared.cli import control, environment, output
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import LINE_OF_SERVICES
from shared.log_events import LogEvent

_COLUMNS = ("service", "last day closed", "waits for", "outbox", "held", "dead letters", "lag")
_COUNTS = ("outbox", "held", "dead letters", "lag", "position", "end")


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
    def quarantined(self) -> list[str]:
        """The partitions that are stopped, with the reason."""
        return [
            f"{self.name} {place['topic']}/{place['partition']} ({place.get('reason') or 'no reason kept'})"
            for place in self.body.get("partitions", ())
            if place.get("quarantined")
        ]

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

    def in_words(self) -> str:
        """Return what the service waits for."""
        if self.away:
            return self.away
        if self.totals_difference:
            return f"stopped, totals differ: {self.totals_difference}"
        waits = self.body.get("waiting_for")
        return f"waits for {waits}" if waits else f"last day closed {self.last_day_closed or 'none yet'}"

    def as_json(self) -> dict[str, Any]:
        """Return the shape of design.md section 6; numbers are absent when the service is away."""
        if self.away:
            return {"name": self.name, "last_day_closed": None, "waiting_for": None, "error": self.away}
        return (
            {"outbox": 0, "held": 0, "dead_letters": 0, "lag": 0, "waiting_for": None} | self.body | {"name": self.name}
        )


def status_of(api: Api, name: str) -> ServiceStatus:
    """Ask one service how it stands; not answering is an answer."""
    try:
        return ServiceStatus(name, body=dict(api.get(name, "/bus/status")))
    except CliError as error:
        if error.code == ExitCode.USAGE:
            raise
        return ServiceStatus(name, away=error.problem)


def statuses(api: Api) -> list[ServiceStatus]:
    """Ask all four services, at the same time."""
    with ThreadPoolExecutor(len(LINE_OF_SERVICES)) as pool:
        return list(pool.map(lambda name: status_of(api, name), LINE_OF_SERVICES))


def status(as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show how each service stands: days, outbox, held events, dead letters, position and lag by partition."""
    known = environment.resolve(data)
    found = statuses(Api(known))
    if as_json:
        output.write_json({"services": [service.as_json() for service in found]})
    else:
        output.show(_summary(found), _partitions(found))
    stopped = [place for service in found for place in service.quarantined]
    if stopped:
        output.say(
            f"Stopped until somebody releases them: {', '.join(stopped)}. "
            "Mend the cause, then `closebook dead-letters release SERVICE`; docs/runbooks/quarantine.md says how."
        )
    unread = [place for service in found for place in service.stopped]
    if unread:
        output.say(f"Not read any more, and no day that needs them closes: {', '.join(unread)}.")
    without = [service.name for service in found if service.lacks_kafka]
    if without:
        output.say(f"Kafka does not answer {', '.join(without)}: how much there is to read is not known.")
    away = [service.name for service in found if service.away]
    for name, why in control.resting(known.folder).items() if away else ():
        output.say(f"{name} is {why}. `closebook start {name}` starts it.")
    if without or away:
        raise typer.Exit(ExitCode.AWAY)


def _summary(found: list[ServiceStatus]) -> Any:
    rows = []
    for service in found:
        body = service.as_json()
        waits = service.away or service.totals_difference or body["waiting_for"]
        lag = "?" if service.lacks_kafka else body.get("lag")
        counts = [*(body.get(name) for name in ("outbox", "held", "dead_letters")), lag]
        rows.append((service.name, body["last_day_closed"], waits, *counts))
    return output.table("Services", _COLUMNS, rows, right=_COUNTS)


def _partitions(found: list[ServiceStatus]) -> Any:
    columns = ("service", "topic", "partition", "position", "end", "lag", "")
    rows = [
        (
            service.name,
            *(place.get(name) for name in ("topic", "partition", "position", "end", "lag")),
            "quarantined" if place.get("quarantined") else place.get("stopped"),
        )
        for service in found
        for place in service.body.get("partitions", ())
        if place.get("lag") or place.get("stopped")
    ]
    return output.table("Partitions with something left to read", columns, rows, right=(*_COUNTS, "partition"))
