"""A service that ends, or freezes, itself at a named point of its own work: ``crashing.py SERVICE VERB``.

``CRASH_AT=SERVICE/POINT/N`` kills the process (as ``kill -9`` would) the N-th time it comes to the point;
``CRASH_AT=SERVICE/POINT/N/STOP`` freezes it there. ``SMALL_SLICES=N`` lets a day's work take N accounts at a time,
``NAMES=FILE`` looks names up in a file.
The points are hooked in from here: the services know nothing of them.
"""

import importlib
import os
import runpy
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

from tests.support.naming import follow

_P = ParamSpec("_P")
_R = TypeVar("_R")

POINTS = {
    "batch-begun": "shared.bus.pump:Pump._transact:before",
    "batch-written": "shared.bus.batch_log:note:after",
    "batch-committed": "shared.bus.pump:Pump._after:before",
    "page-read": "shared.bus.relay:Relay._send:before",
    "page-acknowledged": "shared.bus.relay:Relay._mark:before",
    "page-marked": "shared.bus.relay:Relay._mark:after",
    "day-shut": "shared.bus.gate:shut:after",
    "day-started": "shared.bus.day:DayGate._work_slice:before",
    "slice-committed": "shared.bus.day:DayGate._work_slice:after",
    "day-drained": "shared.bus.day:DayGate._drain:after",
    "day-closed": "shared.bus.day:DayGate._close:after",
    "mail-taken": "services.notify.usecases.mail_server:MailServer.hand_over:after",
}
"""Where each point is; besides these ``slice-written`` and ``close-written``: everything written, not committed."""

_SLICES = {
    "billing": "services.billing.usecases.day:SLICE",
    "arrears": "services.arrears.usecases.day:SLICE",
    "notify": "services.notify.usecases.rendering:LETTERS_IN_A_SLICE",
}


class Fuse:
    """Counts the visits to one point and acts on the last."""

    def __init__(self, visits: int, number: signal.Signals) -> None:
        self._left = visits
        self._number = number

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._number)

    def hooked(self, step: Callable[_P, Awaitable[_R]], when: str) -> Callable[_P, Awaitable[_R]]:
        async def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if when == "before":
                self.burn()
            result = await step(*args, **kwargs)
            if when == "after":
                self.burn()
            return result

        return run


def _hook(place: str, fuse: Fuse) -> None:
    module, path, when = place.split(":")
    holder: Any = importlib.import_module(module)
    *classes, name = path.split(".")
    for each in classes:
        holder = getattr(holder, each)
    setattr(holder, name, fuse.hooked(getattr(holder, name), when))


def _hook_flush(within: str, fuse: Fuse) -> None:
    """A day's flush comes last before its commit: of a slice, or of the close."""
    day: Any = importlib.import_module("shared.bus.day")
    flush = day.outbox.flush

    async def flushed(work: Any) -> int:
        caller = sys._getframe(1).f_code.co_name
        said: int = await flush(work)
        if caller == within:
            fuse.burn()
        return said

    day.outbox = SimpleNamespace(flush=flushed)


def arm(service: str, order: str) -> None:
    """Hook the ordered point in, if the order is for this service."""
    who, point, visits, *how = order.split("/")
    if who != service:
        return
    fuse = Fuse(int(visits), signal.SIGSTOP if how == ["STOP"] else signal.SIGKILL)
    if point in POINTS:
        _hook(POINTS[point], fuse)
    else:
        _hook_flush({"slice-written": "_slice", "close-written": "_close"}[point], fuse)


def main(service: str, verb: str) -> None:
    order, small = os.environ.get("CRASH_AT"), os.environ.get("SMALL_SLICES")
    if small and service in _SLICES:
        module, name = _SLICES[service].split(":")
        setattr(importlib.import_module(module), name, int(small))
    if order:
        arm(service, order)
    if names := os.environ.get("NAMES"):
        follow(Path(names))
    sys.argv = [f"services.{service}", verb]
    runpy.run_module(f"services.{service}", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
