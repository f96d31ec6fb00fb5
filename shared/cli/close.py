"""`closebook close`: end business days and wait until all four services have closed them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NoReturn

import typer

from shared.cli import environment, output
from shared.cli.api import OPERATOR, Api
from shared.cli.closing import Closing, close_days
from shared.cli.days import STRETCH
from shared.cli.environment import Environment
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag, day_option, parse_day
from shared.cli.standing import ServiceStatus, how_to_release, statuses
from shared.events.calendar import MOST_DAYS_AT_ONCE

Day = Annotated[
    date | None,
    typer.Argument(parser=parse_day, metavar="DAY", help="The business day that is over.", show_default=False),
]
Through = Annotated[date | None, day_option("--through", "Also every day after it up to this one.")]
Accept = Annotated[
    date | None,
    day_option(
        "--accept-difference",
        "Propose that this day may close although a control total differs; a second person approves.",
    ),
]


def close(
    day: Day = None,
    *,
    through: Through = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="End the days and return at once.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for the services.")] = 600,
    accept_difference: Accept = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why the difference is accepted.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """End business days, in order, and wait until owners, billing, arrears and notify have closed them."""
    known = environment.resolve(data)
    if accept_difference is not None:
        accept(known, accept_difference, reason, as_json=as_json)
    if day is None:
        raise CliError("No day is named.", "For example: closebook close 2026-04-01", ExitCode.USAGE)
    closing = Closing(days_between(day, through), waited=not no_wait)
    asyncio.run(close_days(known, closing, timeout))
    tell(closing, as_json)


def days_between(first: date, last: date | None) -> list[date]:
    """Return the days from ``first`` to ``last``, both included; so many that a year is mistyped are refused."""
    if last is not None and last < first:
        raise CliError(f"--through {last} is before {first}.", "Name the earlier day first.", ExitCode.USAGE)
    count = ((last or first) - first).days + 1
    if count > MOST_DAYS_AT_ONCE:
        raise CliError(
            f"{first} to {last} are {count:,} days; more than {MOST_DAYS_AT_ONCE} in one command are refused.",
            "Check the years. If all are meant, go there in stretches, first: "
            f"closebook close {first} --through {first + STRETCH}",
            ExitCode.USAGE,
        )
    return [first + timedelta(days=number) for number in range(count)]


def accept(known: Environment, day: date, reason: str | None, *, as_json: bool) -> NoReturn:
    """Propose that a day may close in every service that a difference of totals has stopped."""
    if not reason or not reason.strip():
        raise CliError(
            "--accept-difference needs a reason.", 'Add --reason "why it is right to go on".', ExitCode.USAGE
        )
    api = Api(known, OPERATOR)
    stopped = [service for service in statuses(api) if service.totals_difference]
    if not stopped:
        raise CliError(
            "No service is stopped by a difference of totals.", "`closebook status` shows what each waits for."
        )
    body = {"day": day.isoformat(), "reason": reason}
    made = {service.name: api.post(service.name, "/bus/accept-difference", body)["proposal"] for service in stopped}
    if as_json:
        output.write_json(_proposed(day, stopped, made))
    else:
        for service in stopped:
            output.say(f"{service.name}: proposal {made[service.name]} for {day}: {service.totals_difference}")
    first = stopped[0].name
    raise CliError(
        f"{day} waits for a second person: nobody accepts a difference alone.",
        f"Another person gives `closebook proposals approve {first} {made[first]}`; the day then closes by itself.",
    )


def _proposed(day: date, stopped: Sequence[ServiceStatus], made: Mapping[str, int]) -> dict[str, Any]:
    """Return what was proposed for ``--json``: the day is not closed until each proposal is approved."""
    proposals = [
        {"service": one.name, "proposal": made[one.name], "difference": one.totals_difference} for one in stopped
    ]
    return {"ok": False, "day": day.isoformat(), "proposals": proposals}


def tell(closing: Closing, as_json: bool) -> None:
    """Print the outcome; a day that is not closed is a negative answer with its cause."""
    if as_json:
        output.write_json(closing.as_json())
    elif not closing.waited:
        output.tell(f"Ended {_span(closing.days)}.")
    elif not closing.missing():
        output.tell(f"Closed {_span(closing.days)} in all four services, {closing.seconds:.1f} s.")
    if closing.waited and closing.missing():
        raise _not_closed(closing)


def _not_closed(closing: Closing) -> CliError:
    """Return the error that names the first service in the line that holds everybody up, and what it waits for."""
    differing = closing.differences()
    if differing:
        first = differing[0]
        return CliError(
            f"{first.name} does not close {closing.through}: {first.totals_difference}",
            "`closebook republish SERVICE --topic T --book DAY` says the book again; "
            "--accept-difference is for a second person.",
        )
    stopped = closing.quarantines()
    if stopped:
        problem = f"{stopped[0].service} does not close {closing.through}: {stopped[0]}."
        return CliError(problem, how_to_release(stopped))
    behind = closing.missing()
    causes = "; ".join(f"{service.name}: {service.in_words()}" for service in closing.waiting if service.name in behind)
    names = ", ".join(behind)
    return CliError(
        f"{closing.through} is not closed by {names} after {closing.seconds:.0f} s: {causes or 'no answer'}.",
        "`closebook status` shows each service; waiting again is harmless: give the same command.",
    )


def _span(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)} days)"
