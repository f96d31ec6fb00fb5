"""What one run of a work is told."""

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Case:
    """One run of a ``work`` on these servers, killed at point ``at`` (its name); ``broken`` says how it is spoilt."""

    work: str
    database: str
    kafka: str = "127.0.0.1:1"
    prefix: str = ""
    smtp_port: int = 1
    at: str | None = None
    broken: str = ""

    def of(self, work: str) -> "Case":
        """Return a run of a work on the same servers."""
        return replace(self, work=work)

    def killed(self, at: str) -> "Case":
        """Return the same run, killed at a point."""
        return replace(self, at=at)

    def spoilt(self, broken: str) -> "Case":
        """Return the same run of a broken work."""
        return replace(self, broken=broken)

    def line(self) -> bytes:
        """Return it as the zygote reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True)
class Ended:
    """How a run's process ended: its exit code (negative: the signal), and what it said.

    That is the name of every point it passed; of a killed run nothing; of a failed one, why.
    """

    code: int
    said: tuple[str, ...]
