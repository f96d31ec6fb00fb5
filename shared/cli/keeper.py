"""Keeps the services of a running stack alive: starts again what ended by itself, gives up what ends again and again.

Only a service whose exit code says that it would be in vain is given up at once. A server (Kafka, PostgreSQL) that ends
is the end of the stack: nothing works without it, and what it needs is a person.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shared.cli.control import Done
from shared.cli.supervisor import DRAIN_SECONDS, Stack, ended_by_itself
from shared.embedded.errors import ServerError
from shared.embedded.process import ChildProcess
from shared.exit_codes import HOPELESS

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each new start in a row; after one end more the process is given up."""
STEADY_SECONDS = 60.0
"""Whoever has run for so long begins a new row."""
_LOOK_S = 0.2
_ASKED = "stopped"


@dataclass(slots=True)
class _Kept:
    """A process that is to run, and how often in a row it ended; ``rests``: why it is not started again.

    ``lock``: it is stopped or started for one who asks at a time.
    """

    name: str
    child: Callable[[], ChildProcess]
    spawn: Callable[[], object]
    until_ready: Callable[[], Awaitable[None]]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    ends: int = 0
    started_at: float = field(default_factory=time.monotonic)
    due_at: float | None = None
    rests: str = ""


class Keeper:
    """Watches the processes of a stack that has been started; ``tell`` gets each thing that happens, in one line."""

    def __init__(
        self,
        stack: Stack,
        *,
        tell: Callable[[str], None],
        pauses: Sequence[float] = PAUSES,
        steady_seconds: float = STEADY_SECONDS,
    ) -> None:
        self.stack = stack
        self._tell = tell
        self._pauses = pauses
        self._steady_seconds = steady_seconds
        self._kept = {process.name: self._of_service(*key) for key, process in stack.processes.items()}
        if stack.scheduler is not None:
            self._kept["scheduler"] = self._of_scheduler()
        self._waiting: set[asyncio.Task[None]] = set()

    async def keep(self) -> str:
        """Look after the processes until a server ends; returns in a sentence which, and why."""
        try:
            while True:
                for name, child in self.stack.server_children():
                    if not child.running:
                        return ended_by_itself(name, child)
                for kept in self._kept.values():
                    self._look_at(kept)
                await asyncio.sleep(_LOOK_S)
        finally:
            for task in self._waiting:
                task.cancel()

    def resting(self) -> dict[str, str]:
        """Return why each process that is not started again rests, by its name."""
        return {name: kept.rests for name, kept in self._kept.items() if kept.rests}

    async def stop(self, name: str) -> Done:
        """Let a process finish its batch and end; it rests until ``start``.  An unknown name is a ``ServerError``."""
        kept = self._named(name)
        async with kept.lock:
            if kept.rests == _ASKED:
                return Done(False, f"{name} was stopped already.")
            kept.rests, kept.due_at = _ASKED, None
            await kept.child().stop(signal.SIGTERM, grace_seconds=DRAIN_SECONDS)
        self._tell(f"{name} is stopped, for somebody asked for it ({kept.child().how_it_ended}).")
        return Done(True, f"{name} is stopped ({kept.child().how_it_ended}).")

    async def start(self, name: str) -> Done:
        """Start a process unless it runs, and return when it is ready; one that ends before is a ``ServerError``."""
        kept = self._named(name)
        async with kept.lock:
            runs = kept.child().running
            if not runs:
                kept.rests, kept.due_at, kept.ends, kept.started_at = "", None, 0, time.monotonic()
                kept.spawn()
                self._tell(f"{name} is started, for somebody asked for it.")
        await kept.until_ready()
        return Done(not runs, f"{name} runs already." if runs else f"{name} is started and ready.")

    def _named(self, name: str) -> _Kept:
        if name not in self._kept:
            raise ServerError(f"{name} is not part of this stack, which has {', '.join(self._kept)}.")
        return self._kept[name]

    def _look_at(self, kept: _Kept) -> None:
        if kept.rests:
            return
        if kept.due_at is not None:
            if time.monotonic() >= kept.due_at:
                self._start_again(kept)
        elif not kept.child().running:
            self._has_ended(kept)

    def _has_ended(self, kept: _Kept) -> None:
        """Decide whether a process is started again, and say so."""
        kept.ends = 1 if time.monotonic() - kept.started_at >= self._steady_seconds else kept.ends + 1
        said, why = ended_by_itself(kept.name, kept.child()), self._in_vain(kept)
        if why:
            kept.rests = f"given up: {kept.child().how_it_ended}, and {why}"
            self._tell(f"{said}. It is given up, for {why}; the others go on.")
            return
        pause = self._pauses[kept.ends - 1]
        kept.due_at = time.monotonic() + pause
        self._tell(f"{said}. It is started again in {pause:g} s.")

    def _in_vain(self, kept: _Kept) -> str:
        """Return why it would be in vain to start a process again; empty: it is worth a try."""
        if kept.child().exit_code in HOPELESS:
            return "starting it again does not help"
        return f"that was {kept.ends} times in a row" if kept.ends > len(self._pauses) else ""

    def _start_again(self, kept: _Kept) -> None:
        kept.due_at, kept.started_at = None, time.monotonic()
        with suppress(ServerError):  # it could not even be made: the next look finds it ended
            kept.spawn()
        waiting = asyncio.create_task(self._until_it_runs(kept))
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)

    async def _until_it_runs(self, kept: _Kept) -> None:
        """Say that a process is back, or that it runs and is not ready; its end is told anyway."""
        try:
            await kept.until_ready()
        except ServerError as error:
            if kept.child().running:
                self._tell(str(error))
        else:
            self._tell(f"{kept.name} runs again.")

    def _of_service(self, service: str, number: int) -> _Kept:
        processes = self.stack.processes
        return _Kept(
            processes[service, number].name,
            child=lambda: processes[service, number].child,
            spawn=lambda: self.stack.spawn_service(service, number),
            until_ready=lambda: self.stack.until_ready(processes[service, number]),
        )

    def _of_scheduler(self) -> _Kept:
        return _Kept("scheduler", self._scheduler, self.stack.start_scheduler, until_ready=_at_once)

    def _scheduler(self) -> ChildProcess:
        assert self.stack.scheduler is not None
        return self.stack.scheduler


async def _at_once() -> None:
    """Return: the scheduler never says that it is ready."""
