"""The simulated housing system as a child of the demo: started, followed line by line, and stopped."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from shared.cli import output
from shared.cli.errors import CliError
from shared.embedded.process import ChildProcess, spawn

_LOOK_EVERY_S = 0.1
# Only to show progress: the play itself waits for nothing but Kafka.

_TOLD = ("CLOSEBOOK_KAFKA", "CLOSEBOOK_TOPIC_PREFIX", "PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
"""All that the simulation may know: where Kafka is, and how to start Python."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a story is played."""

    units: int
    quarters: int
    seed: int


def start(size: Size, environment: Mapping[str, str], log: Path) -> ChildProcess:
    """Start the simulated housing system; its reports go to ``log``."""
    command = [sys.executable, "-m", "shared.simulation"]
    for name, value in (("--units", size.units), ("--quarters", size.quarters), ("--seed", size.seed)):
        command += [name, str(value)]
    known = {name: value for name, value in environment.items() if name in _TOLD}
    return spawn("the simulated housing system", command, log=log, env=known)


async def follow(child: ChildProcess) -> dict[str, Any]:
    """Show the play's progress until it ends; returns its last report, raises ``CliError`` when it did not finish."""
    reports, last = _reports(child.log), dict[str, Any]()
    with output.counting("days") as progress:
        task = progress.add_task("", total=None)
        while True:
            running = child.running
            for report in reports:
                if report is None:
                    break
                last = report
                _show(progress, task, report)
            if not running:
                break
            await asyncio.sleep(_LOOK_EVERY_S)
    if last.get("at") != "done":
        why = last.get("why") or child.last_words() or "it said nothing"
        raise CliError(f"The simulated housing system did not finish: {why}.", f"Its log is {child.log}.")
    return last


def _show(progress: Progress, task: Any, report: dict[str, Any]) -> None:
    if report["at"] == "start":
        progress.update(task, total=report["days"])
        output.say(f"The housing system plays {report['first']} to {report['last']}, {report['days']} days.")
    elif report["at"] == "day":
        progress.update(task, completed=report["days"], description=f"{report['day']}, {report['events']} events")
        if not sys.stderr.isatty() and report["day"][8:] == "01":
            output.say(f"{report['day']}: {report['days']} days closed, {report['events']} events published")


def _reports(log: Path) -> Iterator[dict[str, Any] | None]:
    """Yield each whole line's report as it appears in the log; None when there is nothing new for now."""
    with log.open(encoding="utf-8") as file:
        rest = ""
        while True:
            piece = file.readline()
            if not piece.endswith("\n"):
                rest += piece
                yield None
                continue
            line, rest = rest + piece, ""
            try:
                report = json.loads(line)
            except ValueError:
                continue
            if isinstance(report, dict) and "at" in report:
                yield report
