"""A server or service as a child process: started in a session of its own, stopped politely, never left behind."""

import asyncio
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shared.embedded import last_words
from shared.embedded.errors import ServerError

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02


class ChildProcess:
    """One running child.

    It has its own process group, so Ctrl-C in a terminal reaches us and not it: we stop things in order. If we die
    without stopping it, the kernel sends it ``death_signal`` (Linux), so it never outlives us.
    """

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", log: Path, log_from: int = 0) -> None:
        self.name = name
        self.log = log
        self._popen = popen
        self._log_from = log_from

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """Return how it ended (negative: the signal), or None while it runs."""
        return self._popen.poll()

    @property
    def running(self) -> bool:
        """Say whether it still runs."""
        return self.exit_code is None

    @property
    def how_it_ended(self) -> str:
        """Return in words how it ended: with which exit code, or by which signal."""
        code = self.exit_code
        if code is None:
            return "it runs"
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has already ended."""
        if self.running:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and all its own children at once, and collect it."""
        if self.running:
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    async def wait(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for its end; say whether it has ended."""
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(_POLL_SECONDS)
        return not self.running

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, grace_seconds: float = 20) -> None:
        """Ask it to end with ``number``; kill its process group when it has not by the end of the grace."""
        self.send(number)
        if not await self.wait(grace_seconds):
            self.kill()

    def last_words(self, lines: int = 3) -> str:
        """Return the end of what it wrote, on one line, for an error message; what only informs is left out."""
        try:
            written = last_words.written(self.log, self._log_from)
        except OSError:
            return ""
        return " / ".join(last_words.told(written)[-lines:])


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> ChildProcess:
    """Start ``command`` with its output appended to ``log``.

    ``env`` replaces the environment; ``user`` is the account it runs as (root only). Call it from a thread that lives
    as long as the child should: the kernel ties the death signal to the starting thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        log_from = output.tell()
        try:
            popen = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,
                preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509 - one system call, no lock taken
            )
        except OSError as error:
            raise ServerError(f"{name} cannot be started: {error}.") from error
    return ChildProcess(name, popen, log, log_from)


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died in between
            os._exit(1)

    return before_exec
