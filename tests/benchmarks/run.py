"""``make bench``: every figure of the promise in one run, the machine's noise beside it, and ``build/bench.json``."""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.benchmarks import (
    charges,
    days,
    fanout,
    figures,
    latency,
    memory,
    pdfs,
    question,
    quiet,
    rebuilding,
    relaying,
    runs,
    statements,
    two,
)
from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, servers

BENCHMARKS: dict[str, Callable[[Stage], Awaitable[list[Figure]]]] = {
    "charges": charges.measure,
    "fan-out": fanout.measure,
    "relay": relaying.measure,
    "latency": latency.measure,
    "question": question.measure,
    "quarter": statements.measure,
    "runs": runs.measure,
    "pdfs": pdfs.measure,
    "quiet-day": quiet.measure,
    "days": days.measure,
    "rebuild": rebuilding.measure,
    "two": two.measure,
    "memory": memory.measure,
}


def main() -> int:
    """Run the benchmarks named; the exit code says whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="run only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that the benchmarks work")
    parser.add_argument("--events", type=int, default=200_000, help="how many the memory is watched over")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # servers come and go here
    found = asyncio.run(_run(asked.only or list(BENCHMARKS), quick=asked.quick, events=asked.events))
    figures.write(found)
    if not (asked.only or asked.quick):
        figures.write_page(found)
    missed = [figure.name for figure in found if figure.met is False]
    print(f"{len(missed)} of {len(found)} missed their target; written to {figures.REPORT}")  # noqa: T201 - the report
    return 1 if missed and not asked.quick else 0


async def _run(names: list[str], *, quick: bool, events: int) -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="closebook-bench-") as directory:
        async with servers(Path(directory), quick=quick, events=events) as stage:
            for name in names:
                for figure in await BENCHMARKS[name](stage):
                    print(figure.line(), flush=True)  # noqa: T201 - the report
                    found.append(figure)
    return found


if __name__ == "__main__":
    sys.exit(main())
