"""``python -m shared.simulation``: the simulated housing system as a process that only speaks Kafka.

It needs ``CLOSEBOOK_KAFKA`` (and ``CLOSEBOOK_TOPIC_PREFIX``, if topics have one) and tells its progress on standard
output, one JSON object a line: ``start``, ``day`` for every step, ``done`` with what it planted, or ``failed``.  Where
this story was told before it says ``told`` and no event.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from typing import Any

from shared.cli.errors import CliError
from shared.cli.kafka import Broker
from shared.kafka_security import KafkaSecurity
from shared.simulation.beginning import NotNewError, is_told
from shared.simulation.run import NotClosedError, play
from shared.simulation.system import HousingSystem, story_of


def main() -> int:
    """Play one story; return 0 when its last day is closed, or when it was told before."""
    arguments = _arguments()
    bootstrap = os.environ.get("CLOSEBOOK_KAFKA")
    if not bootstrap:
        tell({"at": "failed", "why": "CLOSEBOOK_KAFKA is not set: it names the broker, host:port."})
        return 64
    broker = Broker(bootstrap, os.environ.get("CLOSEBOOK_TOPIC_PREFIX", ""), KafkaSecurity.of(os.environ))
    system = HousingSystem(story_of(arguments.seed, arguments.quarters), arguments.units)
    try:
        finished = asyncio.run(_until_told(system, broker, arguments.patience))
    except (CliError, NotClosedError, NotNewError) as error:
        tell({"at": "failed", "why": str(error)})
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if finished else 143


async def _until_told(system: HousingSystem, broker: Broker, patience_s: float) -> bool:
    """Play until the end, or until SIGTERM; say which."""
    task = asyncio.ensure_future(_told(system, broker, patience_s))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        tell({"at": "failed", "why": "asked to stop"})
        return False
    return True


async def _told(system: HousingSystem, broker: Broker, patience_s: float) -> None:
    """Play the story, unless it was told before."""
    if await is_told(system.story, broker):
        tell({"at": "told", "last": str(system.story.last)})
        return
    await play(system, broker, tell, patience_s=patience_s)


def tell(report: dict[str, Any]) -> None:
    """Print one line of progress."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shared.simulation", description=__doc__)
    parser.add_argument("--units", type=_natural, default=240)
    parser.add_argument("--quarters", type=_natural, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=240.0, help="seconds to wait for a day to be closed")
    return parser.parse_args()


def _natural(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
