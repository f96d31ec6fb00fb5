"""`closebook settle`: wait until nothing moves any more."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any

import typer

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.cli.standing import Quarantine, ServiceStatus, how_to_release, patience, status_of
from shared.events.topics import LINE_OF_SERVICES

_ASK_EVERY_S = 0.1
# There is no event that says "nothing more is coming", so this one command asks again and again.


@dataclass(frozen=True)
class Moving:
    """What still moves, in words by service; empty when all is settled.

    ``quarantined``: records wait in these partitions for a person; ``passes``: something else moves, and will end.
    """

    words: dict[str, str]
    quarantined: tuple[Quarantine, ...] = ()
    passes: bool = False

    def in_words(self) -> str:
        """Return everything that moves, in one line."""
        return "; ".join(f"{name}: {words}" for name, words in self.words.items())

    def only_a_person_helps(self) -> bool:
        """Whether nothing is left that ends by itself."""
        return bool(self.quarantined) and not self.passes


def settle(
    *,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait.")] = 60,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Wait until outboxes are empty, all is read, work on ended days is done and every message due is handed over."""
    started = time.monotonic()
    moving = wait_until_settled(Api(environment.resolve(data)), timeout, lambda moving: bool(moving.quarantined))
    seconds = time.monotonic() - started
    if as_json:
        stopped = [one.as_json() for one in moving.quarantined]
        document = {"ok": not moving.words, "moving": moving.words, "quarantined": stopped}
        output.write_json(document | {"seconds": round(seconds, 3)})
    elif not moving.words:
        output.tell(f"Settled after {seconds:.1f} s: nothing moves.")
    if moving.quarantined:
        raise CliError(f"Not settled: {moving.in_words()}.", how_to_release(moving.quarantined))
    if moving.words:
        raise CliError(
            f"Not settled after {timeout:.0f} s: {moving.in_words()}.",
            "Wait longer with --timeout, or look at `closebook status` and `closebook dead-letters list`.",
        )


def wait_until_settled(
    api: Api, seconds: float, give_up: Callable[[Moving], bool] = Moving.only_a_person_helps
) -> Moving:
    """Ask until nothing moves, the time is up or ``give_up`` says so; returns what moved last."""
    deadline, told = time.monotonic() + seconds, ""
    while (moving := what_moves(api, deadline)).words and time.monotonic() < deadline and not give_up(moving):
        if moving.in_words() != told:
            told = moving.in_words()
            output.say(f"still moving: {told}")
        time.sleep(_ASK_EVERY_S)
    return moving


def what_moves(api: Api, deadline: float = inf) -> Moving:
    """Ask the services in the order in which events flow, so that nothing slips past the question."""
    words, quarantined, passes, closed = {}, list[Quarantine](), False, ""
    for name in LINE_OF_SERVICES:
        service = status_of(api, name, patience(deadline))
        stopped = [one for one in service.quarantined if one.lag]
        moves = _movement(service, sum(one.lag or 0 for one in stopped), closed)
        closed = max(closed, service.last_day_closed or "")
        quarantined += stopped
        passes |= bool(moves)
        if stopped or moves:
            words[name] = ", ".join([*map(str, stopped), *moves])
    due = "" if "notify" in words else _due(api, patience(deadline))
    if due:
        words["notify"] = due
    return Moving(words, tuple(quarantined), passes or bool(due))


def _due(api: Api, seconds: float) -> str:
    """Return what notify has to hand over, in words; a service that is away moves, too, for all that is known."""
    try:
        due = messages_due(api, seconds)
    except CliError as error:
        if error.code is not ExitCode.AWAY:
            raise
        return error.problem
    return f"{due} messages to hand over" if due else ""


def _movement(service: ServiceStatus, stopped: int, closed: str) -> list[str]:
    """Return what moves in a service, in words; ``stopped`` of the records to read wait in quarantine.

    ``closed`` is the last day that one before it in the line has closed.
    """
    if service.away:
        return [service.away]
    parts = ["Kafka does not answer it"] if service.lacks_kafka else []
    if service.stopped:
        parts.append(f"{len(service.stopped)} partitions stopped")
    if to_read := (service.body.get("lag") or 0) - stopped:
        parts.append(f"{to_read} records to read")
    if service.body.get("outbox"):
        parts.append(f"{service.body['outbox']} events to say")
    return parts or _days(service, closed)


def _days(service: ServiceStatus, closed: str) -> list[str]:
    """Return which day is worked, where all is read and said; one that stands still moves by what it waits for."""
    if service.standstill() or service.quarantined:
        return []
    if service.body.get("working"):
        return [f"works on {service.body['working']}"]
    return ["days to close"] if (service.last_day_closed or "") < closed else []


def messages_due(api: Api, seconds: float) -> int:
    """Return how many messages are due and not handed over."""
    found: Any = api.get("notify", "/due", seconds=seconds)
    return int(found["due"]) if isinstance(found, dict) else len(found)
