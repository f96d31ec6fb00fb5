"""`closebook status`: each service's partitions, outbox, held events, dead letters and days."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from shared.cli import control, environment, output
from shared.cli.api import Api
from shared.cli.errors import ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.cli.standing import NOT_READY, ServiceStatus, how_to_release, statuses

_COLUMNS = ("service", "last day closed", "waits for", "outbox", "held", "dead letters", "lag")
_COUNTS = ("outbox", "held", "dead letters", "lag", "position", "end")


def status(as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show how each service stands: days, outbox, held events, dead letters, position and lag by partition."""
    known = environment.resolve(data)
    found = statuses(Api(known))
    if as_json:
        output.write_json({"services": [service.as_json() for service in found]})
    else:
        output.show(_summary(found), _partitions(found))
    for line in _what_to_do(found, control.resting(known.folder)):
        output.say(line)
    if any(service.away or service.lacks_kafka for service in found):
        raise typer.Exit(ExitCode.AWAY)


def _what_to_do(found: list[ServiceStatus], resting: Mapping[str, str]) -> Iterator[str]:
    """Yield what a person does about each reason why nothing moves; ``resting`` are those that somebody stopped."""
    away = [service.name for service in found if service.away]
    yield from (f"{name} is {why}. `closebook start {name}` starts it." for name, why in resting.items())
    away = [name for name in away if name not in resting]
    if away:
        yield (
            f"{', '.join(away)} does not answer as it should: is it running (`closebook up`), and what do its log and"
            f" its /readyz say? {NOT_READY} goes on from there."
        )
    for service in found:
        if service.totals_difference:
            yield (
                f"{service.name}: what it took in is not what was said; `closebook republish SERVICE --topic TOPIC"
                " --book DAY` says it again; docs/runbooks/day-totals-differ.md says when."
            )
        elif service.retrying:
            yield f"{service.name}: its day fails again and again; docs/runbooks/days-not-closing.md says what to do."
    yield from _unread(found)


def _unread(found: list[ServiceStatus]) -> Iterator[str]:
    """Yield which partitions are not read on, and how much is not known."""
    stopped = [one for service in found for one in service.quarantined]
    yield from (f"{one.service} {one}." for one in stopped)
    if stopped:
        yield how_to_release(stopped)
    unread = [place for service in found for place in service.stopped]
    if unread:
        yield f"Not read any more, and no day that needs them closes: {', '.join(unread)}."
    without = [service.name for service in found if service.lacks_kafka]
    if without:
        yield f"Kafka does not answer {', '.join(without)}: how much there is to read is not known."


def _summary(found: list[ServiceStatus]) -> Any:
    rows = []
    for service in found:
        body = service.as_json()
        working = f"working {body['working']}" if body.get("working") else None
        waits = service.standstill() or working
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
