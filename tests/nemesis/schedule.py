"""Which faults happen when: drawn from the seed alone, so that a run can be repeated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from shared.events.topics import LINE_OF_SERVICES

PROCESS_FAULTS = ("kill", "freeze", "second")
SERVER_FAULTS = ("postgres-restart", "broker-freeze", "broker-kill", "mail-away", "mail-silent")

_QUIET_S = (0.5, 4.0)
_LASTS_S = {
    "kill": (0.1, 3.0), "freeze": (0.5, 12.0), "second": (2.0, 10.0), "postgres-restart": (0.1, 3.0),
    "broker-freeze": (0.5, 8.0), "broker-kill": (0.1, 3.0), "mail-away": (0.5, 5.0), "mail-silent": (0.5, 3.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, from ``at_s`` on, for ``lasts_s`` seconds; ``target`` is a service or empty."""

    at_s: float
    what: str
    lasts_s: float
    target: str = ""

    def __str__(self) -> str:
        return f"{self.at_s:7.1f} s  {' '.join((self.what, self.target)).strip()}, for {self.lasts_s:.1f} s"


def draw(seed: int, seconds: float) -> tuple[Fault, ...]:
    """Return the faults of a run: processes and servers fail independently, each one fault at a time."""
    processes = _stream(Random(f"{seed} processes"), seconds, PROCESS_FAULTS, LINE_OF_SERVICES)
    servers = _stream(Random(f"{seed} servers"), seconds, SERVER_FAULTS, ("",))
    return tuple(sorted((*processes, *servers), key=lambda fault: fault.at_s))


def _stream(random: Random, seconds: float, kinds: Sequence[str], targets: Sequence[str]) -> Iterator[Fault]:
    now = random.uniform(1.0, 4.0)
    while True:
        what = random.choice(kinds)
        fault = Fault(round(now, 1), what, round(random.uniform(*_LASTS_S[what]), 1), random.choice(targets))
        if fault.at_s + fault.lasts_s > seconds:
            return
        yield fault
        now += fault.lasts_s + random.uniform(*_QUIET_S)
