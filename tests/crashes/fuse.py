"""Counts the moments at which work can die, and kills the process at one of them.

Every await that really waits is a point: it is ``ANSWERED``, and nothing more is sent yet. A server does what it is
asked whether or not anybody lives to hear the answer, so having asked is no other moment to it. Where another task of
the process has yet to send what is awaited, as Kafka's client does, it is one: there ``ASKED`` is a point too.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Collection, Coroutine, Generator
from contextvars import Context
from pathlib import Path
from types import CoroutineType
from typing import Any

ASKED, ANSWERED = "asked", "answered"
_OURS = ("/services/", "/shared/")


class Fuse:
    """Kills this process at the point named ``at`` (``None``: never).

    Points are the ``moments`` named, of every await. A point's name is its moment, its place, and the how-manieth time
    the work comes by there: how often an idle part looks around is chance, and must not rename what comes after it.
    """

    def __init__(self, at: str | None, moments: Collection[str]) -> None:
        self._at = at
        self._moments = moments
        self._visits: Counter[str] = Counter()
        self.points: list[str] = []

    def burn(self, when: str, work: Any) -> None:
        """Pass one point, or die there as by ``kill -9``."""
        if when not in self._moments:
            return
        place = f"{when} {place_of(work)}"
        self._visits[place] += 1
        self.points.append(f"{place} {self._visits[place]}")
        if self.points[-1] == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


class Counted(Coroutine[Any, Any, Any]):
    """A coroutine whose every wait passes the fuse."""

    def __init__(self, work: Coroutine[Any, Any, Any], fuse: Fuse) -> None:
        self._work = work
        self._fuse = fuse
        self._waited = False

    def send(self, value: Any) -> Any:
        """Go on to the next wait."""
        self._answered()
        asked = self._work.send(value)
        self._fuse.burn(ASKED, self._work)
        return asked

    def throw(self, *error: Any) -> Any:
        """Go on with an error: what was waited for failed, or took too long."""
        self._answered()
        asked = self._work.throw(*error)
        self._fuse.burn(ASKED, self._work)
        return asked

    def _answered(self) -> None:
        if self._waited:
            self._fuse.burn(ANSWERED, self._work)
        self._waited = True

    def close(self) -> None:
        """End the work."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("a task drives this coroutine")


def arm(fuse: Fuse, counted: Collection[str]) -> None:
    """Let the running loop count in each task whose coroutine function is named in ``counted``, and in no other."""

    def make(
        loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any]:
        named = isinstance(work, CoroutineType) and work.__qualname__ in counted
        return asyncio.Task(Counted(work, fuse) if named else work, loop=loop, context=context)

    asyncio.get_running_loop().set_task_factory(make)  # type: ignore[arg-type]  # typeshed asks for generators too


def place_of(work: Any) -> str:
    """Return the innermost line of our own code at which a coroutine waits: ``relay.py:137 _pages``."""
    place = "?"
    while work is not None:
        frame = getattr(work, "cr_frame", None) or getattr(work, "gi_frame", None)
        if frame is not None and any(part in frame.f_code.co_filename for part in _OURS):
            place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
        work = getattr(work, "cr_await", None) or getattr(work, "gi_yieldfrom", None)
    return place
