"""``make fuzz``: spoilt records against decoding and applying, on a real PostgreSQL, until the time is over."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from shared.db import migrate
from shared.embedded.databases import provision
from shared.embedded.postgres import EmbeddedPostgres
from shared.events.topics import LINE_OF_SERVICES
from shared.logs import capture
from tests.fuzz.applying import fuzz


def main() -> int:
    """Run one seed; the exit code is 0 only when everything was answered and every sum stands."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the records of a run; drawn when it is not given")
    parser.add_argument(
        "--service", choices=LINE_OF_SERVICES, default="billing", help="who hears them (default billing)"
    )
    parser.add_argument("--seconds", type=float, default=600, help="how long (default 600)")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    _tell(f"seed {seed}")
    count, found = asyncio.run(_run(asked.service, seed, asked.seconds))
    if found:
        _tell(f"After {count} records something does not hold:\n  " + "\n  ".join(found))
        _tell(f"Again: make fuzz SERVICE={asked.service} SEED={seed} SECONDS={asked.seconds:.0f}")
        return 1
    _tell(f"{count} records: each answered, nothing unexpected, every sum stands.")
    return 0


async def _run(service: str, seed: int, seconds: float) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory(prefix="closebook-fuzz-", ignore_cleanup_errors=True) as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres", settings={"fsync": "off"})
        await postgres.start()
        try:
            urls = (await provision(postgres.admin_url))[service]
            await migrate.upgrade(urls.owner_url, service)
            await migrate.bootstrap_positions(urls.owner_url, service, 1)
            with capture():
                return await fuzz(service, urls, seed, seconds, _tell)
        finally:
            await postgres.stop()


def _tell(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the progress


if __name__ == "__main__":
    sys.exit(main())
