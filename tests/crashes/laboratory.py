"""Runs works in processes that die at a point, lets a fresh process recover, and says what is not as it should be."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from signal import SIGKILL

from tests.crashes.case import Case, Ended
from tests.crashes.database import Database
from tests.crashes.outside import Outside
from tests.crashes.states import Rows, differences

KILLED = -SIGKILL
"""Exit code of a run that came to its point."""

NEVER = "never"
"""A point that no work has."""


@asynccontextmanager
async def zygote() -> AsyncIterator[int]:
    """Run the process that forks one for each run; lends its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crashes.zygote", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


class Runner:
    """Runs cases one after the other, each in a process of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int) -> AsyncIterator["Runner"]:
        """Lend one that asks the zygote at a port."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def run(self, case: Case) -> Ended:
        """Run one case; fails with what its process said when it ended neither well nor at its point."""
        self._writer.write(case.line())
        answer = json.loads(await self._reader.readline())
        ended = Ended(answer["code"], tuple(answer["said"]))
        assert ended.code in ({0, KILLED} if case.at else {0}), f"{case}: exit code {ended.code}\n{ended.said}"
        return ended


async def _at_once(_database: Database) -> None:
    """Recover without waiting for anything."""


@dataclass
class Experiment:
    """One work, run again and again from one kept state: undisturbed first, then killed and recovered."""

    runner: Runner
    database: Database
    case: Case
    outside: Outside
    lapse: Callable[[Database], Awaitable[None]] = _at_once
    wanted: Rows = field(default_factory=dict)
    points: tuple[str, ...] = ()
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def undisturbed(self) -> "Experiment":
        """Run the work in peace: what it leaves every other run must leave, and its points are those there are."""
        await self._begin()
        self.points = (await self.runner.run(self.case)).said
        self.wanted, repeats = await self._left()
        assert repeats == 0
        return self

    async def killed(self, at: str, broken: str = "") -> tuple[bool, list[str]]:
        """Kill the work at a point and recover; returns whether it came there, and what is wrong afterwards.

        What is ``broken`` is broken in both processes.
        """
        killed, wrong = await self.killed_at([at], broken)
        return killed == 1, wrong

    async def killed_at(self, points: Sequence[str], broken: str = "") -> tuple[int, list[str]]:
        """Kill the work at the first point, its recovery at the next, and recover for good; how often it came there."""
        case = self.case.spoilt(broken)
        killed = 0
        async with self._alone:
            await self._begin()
            for at in points:
                killed += (await self.runner.run(case.killed(at))).code == KILLED
                await self.lapse(self.database)
            await self.runner.run(case)
            left, repeats = await self._left()
        wrong = differences(left, self.wanted)
        if repeats > len(points) * self.outside.most_repeats:
            wrong.append(f"{repeats} came twice")
        return killed, wrong

    async def _begin(self) -> None:
        await self.database.restore()
        await self.outside.mark()

    async def _left(self) -> tuple[Rows, int]:
        """Return all that is left, inside and outside."""
        came, repeats = await self.outside.look()
        return await self.database.rows() | came, repeats


@dataclass
class Survey:
    """What came of killing a work at points: at which it was killed, to which it did not come, and what was wrong."""

    killed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def unseen(self) -> set[str]:
        """Return the places at which it was never killed."""
        return places_of(self.missed) - places_of(self.killed)


async def survey(experiment: Experiment, points: Iterable[str]) -> Survey:
    """Kill a work at each of these points."""
    found = Survey()
    for at in points:
        came, wrong = await experiment.killed(at)
        (found.killed if came else found.missed).append(at)
        if wrong:
            found.wrong.append(f"{at}: {wrong}")
    return found


async def killed_twice(experiment: Experiment, some: int) -> tuple[int, list[str]]:
    """Kill a work at so many points, and each recovery at three; how often both came to pass, and what was wrong."""
    twice, found = 0, []
    for first in spread(experiment, some):
        for second in spread(experiment, 3):
            killed, wrong = await experiment.killed_at([first, second])
            twice += killed == 2
            found += [f"{first}, then {second}: {wrong}"] if wrong else []
    return twice, found


def places_of(points: Iterable[str]) -> set[str]:
    """Return the places of points, each once."""
    return {point.rpartition(" ")[0] for point in points}


def spread(experiment: Experiment, some: int) -> list[str]:
    """Return so many of a work's points, evenly over all of them."""
    points = experiment.points
    return [points[(2 * turn + 1) * len(points) // (2 * some)] for turn in range(some)]
