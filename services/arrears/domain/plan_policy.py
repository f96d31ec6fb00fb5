"""The terms of plans as data: versions, each for the plans agreed from a day on (domain.md 4.4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """One version, for plans agreed from ``effective_from`` on until the next version's: they keep it to their end.

    An instalment is missed when ``grace_office_days`` after its day more than ``tolerance_pence`` is missing; a warning
    lapses after ``catch_up_days``; a plan fails when ``fails_at_missed`` of any ``in_a_row`` instalments were missed.
    The first is due within ``first_within_days``.  ``months`` has how long a plan each role may approve (none: any).
    """

    version: str
    effective_from: date
    grace_office_days: int
    tolerance_pence: int
    catch_up_days: int
    fails_at_missed: int
    in_a_row: int
    first_within_days: int
    months: Mapping[str, int | None]

    def may_approve(self, roles: Collection[str], months: int) -> bool:
        """Say whether somebody with these roles may approve a plan of so many months."""
        limits = [limit for role, limit in self.months.items() if role in roles]
        return any(limit is None or months <= limit for limit in limits)

    def approvers(self, months: int) -> list[str]:
        """Return the roles that may approve a plan of so many months."""
        return [role for role in self.months if self.may_approve({role}, months)]


def check(versions: Sequence[PlanPolicy], roles: Collection[str]) -> None:
    """Raise ``AssertionError`` if a version names a role that is none of the ``roles`` there are, or counts nothing."""
    for one in versions:
        assert set(one.months) <= set(roles), f"{one.version}: roles that exist"
        assert 1 <= one.fails_at_missed <= one.in_a_row, f"{one.version}: instalments that can be missed"
