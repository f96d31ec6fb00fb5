"""How another shell speaks to the `closebook up` of a folder: a line of words there, one of JSON back, over a socket.

The socket lies in the folder and is its owner's alone (0600): who may read ``stack.env`` may stop services, no other.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.cli import last_stop
from shared.cli.errors import CliError, ExitCode
from shared.embedded.errors import ServerError

SOCKET = "control"
_AT_ONCE_S = 2.0
_ANSWER_S = 180.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a request: whether it changed anything, and that in a sentence."""

    changed: bool
    words: str


class Keeping(Protocol):
    """Whoever keeps the processes of a stack; ``ServerError`` says why something cannot be done."""

    async def stop(self, name: str) -> Done:
        """Stop a process and let it rest."""
        ...

    async def start(self, name: str) -> Done:
        """Start a process that rests."""
        ...

    def resting(self) -> dict[str, str]:
        """Return why each process rests that does."""
        ...


@asynccontextmanager
async def answering(keeper: Keeping, folder: Path) -> AsyncIterator[None]:
    """Answer the requests of other shells meanwhile; the folder must be ours alone (its lock)."""
    under_way: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            with suppress(OSError, ValueError):  # who asked has gone, or asks without end
                said = await _answer(keeper, (await reader.readline()).decode(errors="replace").strip())
                writer.write(json.dumps(said).encode() + b"\n")
                await writer.drain()
        finally:
            under_way.discard(task)
            writer.close()

    (folder / SOCKET).unlink(missing_ok=True)  # of a stack that was killed
    server = await asyncio.start_unix_server(answer, sock=_bound(folder))
    try:
        yield
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        (folder / SOCKET).unlink(missing_ok=True)


async def _answer(keeper: Keeping, request: str) -> Json:
    verb, _, name = request.partition(" ")
    if verb == "resting":
        return {"ok": True, "resting": keeper.resting()}
    work = {"stop": keeper.stop, "start": keeper.start}.get(verb)
    if work is None:
        return {"ok": False, "words": f"{verb!r} is nothing that can be asked for."}
    try:
        done = await work(name)
    except ServerError as error:
        return {"ok": False, "words": str(error)}
    return {"ok": True, "changed": done.changed, "words": done.words}


def ask(folder: Path, verb: str, name: str = "", seconds: float = _ANSWER_S) -> Json:
    """Ask the running stack of a folder and return its answer; raises ``CliError`` when none runs, or it ends first."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(seconds)
        try:
            with _within(folder) as place:
                line.connect(place)
            line.sendall(f"{verb} {name}\n".encode())
            said = line.makefile("rb").readline()
        except OSError as error:
            raise _nobody_there(folder, error) from error
    if not said:
        raise CliError(f"The stack in {folder} ended before it answered.", "Start it: `closebook up`.", ExitCode.AWAY)
    answer: Json = json.loads(said)
    return answer


def resting(folder: Path) -> dict[str, str]:
    """Return why each process of a folder's stack rests that does; none when no stack of the folder runs here."""
    try:
        found: dict[str, str] = ask(folder, "resting", seconds=_AT_ONCE_S)["resting"]
    except CliError:
        return {}
    return found


def _nobody_there(folder: Path, error: OSError) -> CliError:
    stopped, why = last_stop.told(folder), error.strerror or "it stands still"
    return CliError(
        f"No `closebook up` answers in {folder} ({why}){f': {stopped}' if stopped else '.'}",
        "Name its folder with --data DIR; what something else supervises (compose, Kubernetes) is stopped there.",
        ExitCode.USAGE,
    )


def _bound(folder: Path) -> socket.socket:
    """Return a socket bound in the folder; it is closed to others from its first moment on."""
    bound = socket.socket(socket.AF_UNIX)
    os.fchmod(bound.fileno(), 0o600)
    with _within(folder) as place:
        bound.bind(place)
    return bound


@contextmanager
def _within(folder: Path) -> Iterator[str]:
    """Yield a name of the folder's socket that is short enough for the system, however deep the folder lies."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)
