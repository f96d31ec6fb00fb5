"""`closebook demo`: the whole line on this machine, a simulated housing system, and the proof at the end."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.checks import Check
from shared.cli import demo_figures, demo_play, environment, output
from shared.cli.api import Api
from shared.cli.demo_play import Size
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import JsonFlag
from shared.cli.settle import wait_until_settled
from shared.cli.standing import statuses
from shared.cli.supervisor import Stack
from shared.cli.verify import as_table, prove
from shared.embedded.errors import ServerError

RESULTS = Path("closebook-demo")
_SETTLE_S = 60.0
_THROWN_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# The demo's books do not outlive it, so the disk is not waited for; `closebook up` waits.


@dataclass
class Outcome:
    """What a run showed."""

    figures: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    days_closed: int = 0
    faults: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the proof holds, every day is closed, and nothing but what was planted is a dead letter."""
        return not self.faults and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for ``--json``."""
        return {
            "ok": self.ok,
            "figures": self.figures,
            "verify": {
                "ok": all(check.ok for check in self.checks),
                "checks": [check.as_json() for check in self.checks],
            },
            "days_closed": self.days_closed,
            "faults": self.faults,
            "seconds": round(self.seconds, 1),
            "paths": self.paths,
        }


def demo(
    *,
    units: Annotated[int, typer.Option("--units", min=1, max=5000, help="How many units are looked after.")] = 240,
    quarters: Annotated[int, typer.Option("--quarters", min=1, max=40, help="How many quarters are played.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same figures, to the penny.")] = 1,
    results: Annotated[Path, typer.Option("--results", help="Folder for the e-mails and PDFs.")] = RESULTS,
    as_json: JsonFlag = False,
) -> None:
    """Run everything once, from an empty machine to statements, reminders and a proof to the penny."""
    started = time.monotonic()
    outcome = asyncio.run(_run(Size(units, quarters, seed), results))
    outcome.seconds = time.monotonic() - started
    if as_json:
        output.write_json(outcome.as_json())
    else:
        _tell(outcome)
    if not outcome.ok:
        raise typer.Exit(ExitCode.NEGATIVE)


async def _run(size: Size, results: Path) -> Outcome:
    """Play in a directory that is gone afterwards; what owners were sent, and the logs, are kept whatever happens."""
    stopping, folder = threading.Event(), _new_folder(results)
    with tempfile.TemporaryDirectory(prefix="closebook-demo-", ignore_cleanup_errors=True) as directory:
        stack = Stack(Path(directory), database_settings=_THROWN_AWAY, tell=output.say)
        try:
            outcome = await _unless_interrupted(lambda: _play(stack, size, stopping), stopping)
        except (CliError, ServerError) as error:
            raise _relocated(error, directory, folder) from error
        finally:
            await stack.stop()
            paths = _keep(stack, folder)
        outcome.paths = paths
        return outcome


def _relocated(error: CliError | ServerError, directory: str, folder: Path) -> CliError:
    """Return the error with the places where the logs are kept, not where they were."""
    next_step = error.next_step if isinstance(error, CliError) else "Mend that and run the demo again."
    code = error.code if isinstance(error, CliError) else ExitCode.AWAY
    words = [words.replace(directory, str(folder)) for words in (str(error), next_step)]
    return CliError(words[0], words[1], code)


async def _unless_interrupted(work: Callable[[], Awaitable[Outcome]], stopping: threading.Event) -> Outcome:
    """Do the work; Ctrl-C or SIGTERM cancels it, and what it started is stopped in order."""
    task = asyncio.ensure_future(work())

    def interrupt() -> None:
        stopping.set()
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        raise CliError("Interrupted: everything is stopped.", "", ExitCode.INTERRUPTED) from None


async def _play(stack: Stack, size: Size, stopping: threading.Event) -> Outcome:
    await stack.start()
    api = Api(environment.resolve(stack.directory, stack.cli_environment()))
    child = demo_play.start(size, stack.cli_environment(), stack.log_of("simulation"))
    try:
        report = await _first(demo_play.follow(child), stack)
    finally:
        await child.stop()
    return await asyncio.to_thread(_judge, api, report, stack.topic_prefix, stopping)


async def _first(following: Awaitable[dict[str, Any]], stack: Stack) -> dict[str, Any]:
    """Follow the play, unless a service ends by itself before."""
    play, watch = asyncio.ensure_future(following), asyncio.ensure_future(stack.watch())
    try:
        await asyncio.wait([play, watch], return_when=asyncio.FIRST_COMPLETED)
        if not play.done():
            raise CliError(
                f"{watch.result()}.", "That is a fault of ours: please report it with the log.", ExitCode.SOFTWARE
            )
        return play.result()
    finally:
        for task in (play, watch):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


def _judge(api: Api, report: dict[str, Any], prefix: str, stopping: threading.Event) -> Outcome:
    """Let everything come to rest, then ask for figures and proof."""
    outcome = Outcome(days_closed=report["days"])
    moving = wait_until_settled(api, _SETTLE_S, lambda _: stopping.is_set())
    if moving.words:
        outcome.faults.append(f"not settled: {moving.in_words()}")
    outcome.figures = demo_figures.figures(api, report)
    outcome.faults += demo_figures.unexpected_letters(api, report["planted"], prefix)
    for service in statuses(api):
        if service.last_day_closed != report["last"]:
            outcome.faults.append(f"{service.name} has not closed {report['last']}: {service.in_words()}")
            outcome.days_closed = 0
    outcome.checks = prove(api)
    return outcome


def _new_folder(results: Path) -> Path:
    """Return a new folder for this run; two demos side by side never share one."""
    results.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = results / f"run-{number:03d}"
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
        number += 1


def _keep(stack: Stack, folder: Path) -> dict[str, str]:
    """Move what was sent and printed, and the logs, out of the directory that vanishes."""
    places = {
        "emails": stack.folders.mail,
        "pdfs": stack.folders.files,
        "print": stack.folders.print,
        "logs": stack.directory / "logs",
    }
    for name, place in places.items():
        if place.exists():
            shutil.move(place, folder / name)
    return {name: str((folder / name).absolute()) for name in places if (folder / name).exists()}


def _tell(outcome: Outcome) -> None:
    output.show(demo_figures.as_table(outcome.figures), as_table(outcome.checks))
    for fault in outcome.faults:
        output.tell(f"FAULT: {fault}")
    output.tell(f"\n{outcome.days_closed} days closed by all four services, {outcome.seconds:.0f} s.")
    output.tell("Every penny is accounted for." if outcome.ok else "Something is wrong: see above.")
    words = {"emails": "E-mails (Maildir)", "pdfs": "Every letter as PDF", "print": "Letters to print", "logs": "Logs"}
    for name, path in outcome.paths.items():
        output.tell(f"{words[name]}: {path}")
    output.tell(next_step(os.environ.get("PATH", ""), Path(sys.executable).parent))


def next_step(path: str, programs: Path) -> str:
    """Return what to type next, as it stands; ``path`` is where the shell looks, ``programs`` where we are."""
    there = "" if shutil.which("closebook", path=path) else f"export PATH={programs}:$PATH\n      "
    then = "closebook status, accounts, publish FILE, close DAY, verify"
    return f"Next: {there}closebook up   then in another shell: {then}"
