"""`closebook status`: each service's partitions, outbox, held events, dead letters and days."""

from typing import Any

import typer

from shared.cli import control, environment, output
from shared.cli.api import Api
from shared.cli.errors import ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.cli.standing import ServiceStatus, how_to_release, statuses

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
    stopped = [one for service in found for one in service.quarantined]
    for one in stopped:
        output.say(f"{one.service} {one}.")
    if stopped:
        output.say(how_to_release(stopped))
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
