"""Who may let a write-off take effect, up to how much: dated versions, as data."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WriteOffPolicy:
    """One version, in force from ``effective_from`` until the next version's.

    ``limits`` has the pence up to which each role may approve (none: any amount), counting everything written off on
    the account within ``within_days``, so that nobody passes a limit in small steps.
    """

    version: str
    effective_from: date
    within_days: int
    limits: Mapping[str, int | None]

    def may_approve(self, roles: Collection[str], total_pence: int) -> bool:
        """Say whether somebody with these roles may approve what brings an account to ``total_pence``."""
        limits = [limit for role, limit in self.limits.items() if role in roles]
        return any(limit is None or total_pence <= limit for limit in limits)


def check(versions: Sequence[WriteOffPolicy], roles: Collection[str]) -> None:
    """Raise ``AssertionError`` if a version names one who is none of the ``roles`` there are."""
    for one in versions:
        assert set(one.limits) <= set(roles), f"{one.version}: roles that exist"
