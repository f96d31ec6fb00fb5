"""`closebook stop` and `closebook start`: single services of the stack that `closebook up` runs on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from shared.cli import control, environment, output
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import LINE_OF_SERVICES

_NAMES = (*LINE_OF_SERVICES, "scheduler")
_Names = Annotated[
    list[str],
    typer.Argument(metavar="SERVICE...", help="owners, billing, arrears, notify or scheduler.", show_default=False),
]


def stop(names: _Names, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Let services of `closebook up` finish their batch and end; they rest until `closebook start` or the next `up`."""
    _each("stop", names, environment.resolve(data).folder, as_json=as_json)


def start(names: _Names, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Start services of `closebook up` that were stopped or given up, and wait until they are ready."""
    _each("start", names, environment.resolve(data).folder, as_json=as_json)


def _each(verb: str, names: list[str], folder: Path, *, as_json: bool) -> None:
    """Ask for one after the other; the first that cannot be is the end."""
    unknown = [name for name in names if name not in _NAMES]
    if unknown:
        raise CliError(f"There is no service called {unknown[0]!r}.", f"There are {', '.join(_NAMES)}.", ExitCode.USAGE)
    done = []
    for name in names:
        answer = control.ask(folder, verb, name)
        if not answer["ok"]:
            raise CliError(answer["words"], "The terminal of `closebook up` says what it does about it.")
        done.append({"name": name, "changed": answer["changed"]})
        if not as_json:
            output.tell(answer["words"])
    if as_json:
        output.write_json({"services": done})
