"""`closebook dead-letters`: the operator's bench for events that could not be taken in."""

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from shared.bus.bodies import HIGHEST_NUMBER
from shared.cli import environment, output
from shared.cli.api import OPERATOR, Api
from shared.cli.asking import listed
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag, OnlyService, Service
from shared.events.topics import LINE_OF_SERVICES

bench = typer.Typer(help="List, look at, re-drive and discard dead letters; let a quarantined partition go on.")

_FIELDS = ("service", "id", "place", "event_id", "reason", "status", "detail")
_NARROW = ("service", "id", "place", "reason", "status")
"""What a narrow screen shows; `show` has the rest."""
_GROUP = ("service", "fingerprint", "topic", "reason", "field", "letters", "amount_pence", "first_seen", "last_seen")
_NUMBERS = ("id", "letters", "amount_pence")

_HIDDEN = "(not shown to your role)"
"""What whoever may not see a letter's bytes reads instead of them."""

_ID = "The letter's id, as `list` shows it."
Number = Annotated[int, typer.Argument(metavar="ID", min=1, max=HIGHEST_NUMBER, help=_ID, show_default=False)]
OneLetter = Annotated[
    int | None, typer.Argument(metavar="[ID]", min=1, max=HIGHEST_NUMBER, help=_ID, show_default=False)
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="FINGERPRINT", help="Every open letter of this cause.", show_default=False),
]


def letters_of(
    api: Api, services: tuple[str, ...] = LINE_OF_SERVICES, status: str | None = None, group: str | None = None
) -> list[dict[str, Any]]:
    """Return the dead letters of the services, oldest first in each, however many there are."""
    return [{**row, "service": name} for name in services for row in _pages(api, name, status=status, group=group)]


def _pages(api: Api, service: str, **asked: str | None) -> Iterator[dict[str, Any]]:
    params, after = {name: value for name, value in asked.items() if value}, 0
    while rows := api.get(service, "/bus/dead-letters", {**params, "after": str(after)}):
        yield from rows
        after = rows[-1]["id"]


@bench.command("list")
def list_letters(
    *,
    service: OnlyService = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only in this state, e.g. open.", show_default=False)
    ] = None,
    group: Annotated[bool, typer.Option("--group", help="Count the open ones by what is wrong with them.")] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """List dead letters with their place, reason and state."""
    api = Api(environment.resolve(data))
    groups = "/bus/dead-letter-groups"
    found = listed(service, lambda name: api.get(name, groups) if group else _pages(api, name, status=status))
    if as_json:
        output.write_json(found.rows)
    else:
        letters = _FIELDS if output.is_wide() else _NARROW
        fields, what = (_GROUP, "groups of dead letters") if group else (letters, "dead letters")
        rows = [tuple(_placed(letter).get(name) for name in fields) for letter in found.rows]
        output.show(output.table(f"{len(rows)} {what}", fields, rows, right=_NUMBERS))
    found.require_all()


def _placed(letter: dict[str, Any]) -> dict[str, Any]:
    """Return a letter with its place in Kafka in one piece: topic, partition and offset."""
    return {**letter, "place": "{topic} {partition}:{offset}".format_map(letter)} if "offset" in letter else letter


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
    output.tell(f"headers: {letter.get('headers', _HIDDEN)}")
    for name in ("key", "value"):
        output.tell(f"{name}: {_readable(letter[name]) if name in letter else _HIDDEN}")


def _readable(encoded: str | None) -> str:
    """Return kept bytes as text where they are text, else as they are told."""
    if encoded is None:
        return "(none)"
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", errors="backslashreplace")
    except ValueError:
        return encoded


@bench.command("redrive")
def redrive(
    service: Service,
    number: OneLetter = None,
    *,
    group: Group = None,
    every: Annotated[bool, typer.Option("--all", help="Every open letter of the service.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; apply nothing.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit.")] = "re-driven",
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Try dead letters again after their cause was mended; twice does no harm."""
    api, body = Api(environment.resolve(data), OPERATOR), {"reason": reason, "dry_run": dry_run}
    answers = []
    for one in _chosen(api, service, number, group, every, "or --group FINGERPRINT, or --all"):
        answers.append(api.post(service, f"/bus/dead-letters/{one}/redrive", body))
        if not as_json:
            output.tell(_redriven(service, answers[-1], dry_run))
    if as_json:
        output.write_json(answers[0] if number else answers)
    elif dry_run and len(answers) > 1:
        output.tell(f"Of {len(answers)}: {_by_outcome(answers)}; nothing was applied.")
    elif not answers:
        output.tell(f"{service}: nothing is open.")
    refused = [answer for answer in answers if answer.get("reason")]
    if refused and not dry_run:
        raise CliError(
            f"{_again(refused, answers)}.",
            f"Mend its cause first; `closebook dead-letters show {service} {refused[0]['id']}` has the event.",
        )


def _chosen(api: Api, service: str, number: int | None, group: str | None, every: bool, ways: str) -> list[int]:
    """Return the ids that one of the ``ways`` to choose names; a cause that no open letter has is a mistake."""
    if sum((number is not None, group is not None, every)) != 1:
        raise CliError(
            f"Name one letter, {ways}.", "`closebook dead-letters list --group` shows the groups.", ExitCode.USAGE
        )
    if number is not None:
        return [number]
    found = [letter["id"] for letter in letters_of(api, (service,), "open", group)]
    if not found and group is not None:
        raise CliError(
            f"No open letter of {service} has the cause {group}.",
            "`closebook dead-letters list --group` shows the causes whole.",
        )
    return found


def _redriven(service: str, answer: dict[str, Any], dry_run: bool) -> str:
    refused = f", refused again: {answer['reason']}" if answer.get("reason") else ""
    became = f"would be {answer['outcome']}" if dry_run else f"{answer['status']}{refused}"
    return f"{service}: dead letter {answer['id']}: {became}"


def _again(refused: list[dict[str, Any]], answers: list[dict[str, Any]]) -> str:
    """Return in words what was refused, with how many there are of each cause."""
    if len(answers) == 1:
        return f"It was refused again: {refused[0]['reason']}"
    return f"{len(refused)} of {len(answers)} were refused again: {_by_outcome(refused)}"


def _by_outcome(answers: list[dict[str, Any]]) -> str:
    """Return how many answers there are of each outcome, the most frequent first."""
    counts = Counter(answer["outcome"] for answer in answers)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())


@bench.command("discard")
def discard(
    service: Service,
    number: OneLetter = None,
    *,
    group: Group = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why nobody needs it; kept with the letter.", show_default=False)
    ],
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Put dead letters away for good, bytes and reason kept; one that carries money needs a second person."""
    api = Api(environment.resolve(data), OPERATOR)
    numbers = _chosen(api, service, number, group, False, "or --group FINGERPRINT")
    answers = [api.post(service, f"/bus/dead-letters/{one}/discard", {"reason": reason}) for one in numbers]
    if as_json:
        output.write_json(answers[0] if number else answers)
    for answer in () if as_json else answers:
        output.tell(_discarded(service, str(answer["id"]), answer))


def _discarded(service: str, number: str, answer: dict[str, Any]) -> str:
    if answer.get("already"):
        return f"{service}: dead letter {number} is discarded already."
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
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the audit.", show_default=False)] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Let quarantined partitions of a service go on: the one named, or all that stand."""
    if partition is not None and topic is None:
        raise CliError("--partition needs --topic.", "`closebook status` names what is quarantined.", ExitCode.USAGE)
    said = (("topic", topic), ("partition", partition), ("reason", reason))
    asked = {name: value for name, value in said if value is not None}
    answer = Api(environment.resolve(data), OPERATOR).post(service, "/bus/release", asked)
    output.answer(answer, _released(service, answer["released"]), as_json=as_json)


def _released(service: str, released: list[dict[str, Any]]) -> str:
    places = ", ".join(f"{place['topic']}/{place['partition']}" for place in released)
    return f"{service}: released {places}." if released else f"{service}: nothing is in quarantine."
