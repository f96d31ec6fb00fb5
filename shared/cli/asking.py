"""A list of all four services: what answers is shown, what does not is named, and the list ends as incomplete."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.cli.errors import CliError, ExitCode
from shared.cli.standing import NOT_READY
from shared.events.topics import LINE_OF_SERVICES

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Listed:
    """The rows of the services that answered, each with its ``service``, and why the others did not."""

    rows: Rows
    silent: dict[str, CliError]

    def require_all(self) -> None:
        """End the command with 75 when a service did not answer: its rows are not above."""
        if self.silent:
            problems = " ".join(error.problem for error in self.silent.values())
            raise CliError(
                f"Nothing of {', '.join(self.silent)} is listed: {problems}",
                f"{NOT_READY} says what to do; `--service` asks one service alone.",
                ExitCode.AWAY,
            )


def listed(service: str | None, ask: Callable[[str], Iterable[dict[str, Any]]]) -> Listed:
    """Ask the named service, or all four at the same time; raises the first error when none answers."""
    names = (service,) if service else LINE_OF_SERVICES
    with ThreadPoolExecutor(len(names)) as pool:
        answers = dict(zip(names, pool.map(lambda name: _asked(name, ask), names), strict=True))
    silent = {name: answer for name, answer in answers.items() if isinstance(answer, CliError)}
    if len(silent) == len(names):
        raise silent[names[0]]
    return Listed([row for answer in answers.values() if not isinstance(answer, CliError) for row in answer], silent)


def _asked(name: str, ask: Callable[[str], Iterable[dict[str, Any]]]) -> Rows | CliError:
    """Return a service's rows, or the error that it is away; any other refusal is raised."""
    try:
        return [{"service": name, **row} for row in ask(name)]
    except CliError as error:
        if error.code is not ExitCode.AWAY:
            raise
        return error
