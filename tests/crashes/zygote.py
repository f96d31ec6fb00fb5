"""A process that has imported everything and forks one child a run: ``python -m tests.crashes.zygote``.

A fresh interpreter costs 1.5 s a run, most of it imports; a fork costs a hundredth (measured), and is killed as
honestly. Cases come as lines of JSON over a connection; for each its end goes back, when its child is gone.
"""

import asyncio
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from shared.bus import relay
from shared.events.decode import Record, decode
from tests.crashes import announcing, breaking, chasing, closing, mailing, reading, relaying, reviewing, writing
from tests.crashes.case import Case, Ended
from tests.crashes.fuse import Fuse, arm
from tests.crashes.story import story

_PATIENCE_S = 60
"""A run that takes longer than this stands still: it is ended, and counts as a failure."""

_LOOK_S = 1.0

WORKS: dict[str, tuple[Callable[[Case], Awaitable[None]], frozenset[str], frozenset[str]]] = {
    module.__name__.rpartition(".")[2]: (module.work, module.COUNTED, module.MOMENTS)
    for module in (reading, relaying, mailing, announcing, closing, chasing, writing)
} | reviewing.WORKS
"""Each work with the tasks in which its awaits are counted, and the moments of an await that are points."""


def main() -> None:
    """Serve each connection in a child of its own, so that works can run side by side; the port goes to stdout.

    Ends when whoever started it is gone.
    """
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)  # noqa: T201 - whoever started us reads it
    _warm_up()
    gc.collect()
    gc.freeze()
    server.settimeout(_LOOK_S)
    started_by = os.getppid()
    while os.getppid() == started_by:
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            server.close()
            _serve(connection)
            os._exit(0)
        connection.close()


def _warm_up() -> None:
    """Do once what every child would do first: write the story, and make the models that read it (half of its time)."""
    for item in story():
        decode(Record(item.topic, item.partition, item.offset, item.key, item.value))


def _serve(connection: socket.socket) -> None:
    """Fork a child for every line, one after the other, until nobody asks any more."""
    with connection.makefile("rwb") as stream:
        for line in stream:
            stream.write(json.dumps(asdict(_fork(Case(**json.loads(line))))).encode() + b"\n")
            stream.flush()


def _fork(case: Case) -> Ended:
    """Run a case in a child of its own and return how that ended."""
    reading_end, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading_end)
        _be_child(case, report)
    os.close(report)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading_end) as said:
        return Ended(os.waitstatus_to_exitcode(status), tuple(said.read().splitlines()))


def _be_child(case: Case, report: int) -> None:
    """Do the work and leave: by the fuse, by the alarm, or with exit code 0; 1: it failed, and says why."""
    signal.alarm(_PATIENCE_S)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    fuse = Fuse(case.at, WORKS[case.work][2])
    try:
        asyncio.run(_run(case, fuse))
        os.write(report, "\n".join(fuse.points).encode())
    except BaseException:  # noqa: BLE001 - whatever it is, it is told and ends this child only
        os.write(report, traceback.format_exc()[-4000:].encode())
        os._exit(1)
    os._exit(0)


async def _run(case: Case, fuse: Fuse) -> None:
    """Run a case's work in portions small enough for several, broken if the case says so."""
    work, counted, _ = WORKS[case.work]
    for place, value in SMALL.items():
        module, _, name = place.partition(":")
        setattr(importlib.import_module(module), name, value)
    if case.broken:
        breaking.WAYS[case.broken]()
    arm(fuse, counted)
    await work(case)


SMALL: dict[str, Any] = {
    "services.billing.usecases.day:SLICE": 2,
    "services.arrears.usecases.day:SLICE": 2,
    "services.arrears.usecases.plan_days:SLICE": 1,
    "services.notify.usecases.rendering:LETTERS_IN_A_SLICE": 2,
    "services.notify.usecases.sending:_MOST_IN_A_CLAIM": 2,
    "shared.bus.relay:_PAGE": relay._PAGE.replace("limit 1000", f"limit {relaying.PAGE}"),
}
"""What is made small, so that a few records are several pages, claims and slices."""


if __name__ == "__main__":
    main()
