"""`closebook dead-letters`: the operator's bench for events that could not be taken in."""

import base64
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from shared.cli import environment, output
from shared.cli.api import OPERATOR, Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import LINE_OF_SERVICES

bench = typer.Typer(help="List, look at, re-drive and discard dead letters; let a quarantined partition go on.")

_FIELDS = ("service", "id", "topic", "partition", "offset", "event_id", "reason", "detail", "status")

Service = Annotated[str, typer.Argument(help="owners, billing, arrears or notify.", show_default=False)]
Number = Annotated[str, typer.Argument(metavar="ID", help="The letter's id, as `list` shows it.", show_default=False)]


def letters_of(
    api: Api, services: tuple[str, ...] = LINE_OF_SERVICES, status: str | None = None
) -> list[dict[str, Any]]:
    """Return the dead letters of the services, oldest first in each, however many there are."""
    return [{**row, "service": service} for service in services for row in _pages(api, service, status)]


def _pages(api: Api, service: str, status: str | None) -> Iterator[dict[str, Any]]:
    params = {"status": status} if status else {}
    after = 0
    while rows := api.get(service, "/bus/dead-letters", {**params, "after": str(after)}):
        yield from rows
        after = rows[-1]["id"]


@bench.command("list")
def list_letters(
    *,
    service: Annotated[str | None, typer.Option("--service", help="Only this service's.", show_default=False)] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only in this state, e.g. open.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """List dead letters with their place, reason and state."""
    found = letters_of(Api(environment.resolve(data)), (service,) if service else LINE_OF_SERVICES, status)
    if as_json:
        output.write_json(found)
    else:
        rows = [tuple(letter.get(name) for name in _FIELDS) for letter in found]
        output.show(output.table(f"{len(found)} dead letters", _FIELDS, rows, right=("id", "partition", "offset")))


@bench.command("show")
def show_letter(service: Service, number: Number, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show one dead letter whole: bytes, key and headers as they came, reason, attempts."""
    letter = Api(environment.resolve(data), OPERATOR).get(service, f"/bus/dead-letters/{number}")
    if as_json:
        output.write_json(letter)
        return
    for name, value in letter.items():
        if name not in {"value", "key", "headers"}:
            output.tell(f"{name}: {value}")
    output.tell(f"headers: {letter.get('headers')}")
    output.tell(f"key: {_readable(letter.get('key'))}")
    output.tell(f"value: {_readable(letter.get('value'))}")


def _readable(encoded: str | None) -> str:
    """Return kept bytes as text where they are text, else as they are told."""
    if encoded is None:
        return "(none)"
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", errors="backslashreplace")
    except ValueError:
        return encoded


@bench.command("redrive")
def redrive(service: Service, number: Number, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Try a dead letter again after its cause was mended; twice does no harm."""
    answer = Api(environment.resolve(data), OPERATOR).post(service, f"/bus/dead-letters/{number}/redrive")
    _tell(answer, as_json, f"{service}: dead letter {number}: {answer.get('status', 're-driven')}")
    if answer.get("status") == "open":
        raise CliError(
            f"It was refused again: {answer.get('reason', '')} {answer.get('detail', '')}".strip() + ".",
            f"Mend its cause first; `closebook dead-letters show {service} {number}` has the event.",
        )


@bench.command("discard")
def discard(
    service: Service,
    number: Number,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why nobody needs it; kept with the letter.", show_default=False)
    ],
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Put a dead letter away for good, bytes and reason kept; one that carries money needs a second person."""
    answer = Api(environment.resolve(data), OPERATOR).post(
        service, f"/bus/dead-letters/{number}/discard", {"reason": reason}
    )
    _tell(answer, as_json, _discarded(service, number, answer))


def _discarded(service: str, number: str, answer: dict[str, Any]) -> str:
    if "proposal" not in answer:
        return f"{service}: dead letter {number} discarded."
    proposal = answer["proposal"]
    return (
        f"{service}: dead letter {number} carries money: proposal {proposal} waits for a second person"
        f" (`closebook proposals approve {service} {proposal}`)."
    )


@bench.command("release")
def release(
    service: Service,
    topic: Annotated[
        str | None, typer.Option("--topic", help="The stopped partition's topic.", show_default=False)
    ] = None,
    partition: Annotated[int | None, typer.Option("--partition", help="Its number.", show_default=False)] = None,
    *,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Let quarantined partitions of a service go on: the one named, or all that stand."""
    if partition is not None and topic is None:
        raise CliError("--partition needs --topic.", "`closebook status` names what is quarantined.", ExitCode.USAGE)
    body = {name: value for name, value in (("topic", topic), ("partition", partition)) if value is not None}
    answer = Api(environment.resolve(data), OPERATOR).post(service, "/bus/release", body)
    _tell(answer, as_json, f"{service}: released {topic or 'every quarantined partition'}.")


def _tell(answer: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        output.write_json(answer)
    else:
        output.tell(words)
