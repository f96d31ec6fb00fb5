"""The ladder as data: versions of the policy, each from a day on, each with its stages (domain.md 4.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Stage:
    """One step, due ``day`` days after the issue of the oldest overdue item, from ``minimum_pence`` (included) on.

    ``gap_days`` is how long after the previous letter of the cycle it may come at the earliest.
    """

    number: int
    name: str
    day: int
    minimum_pence: int
    gap_days: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class LadderPolicy:
    """One version of the ladder, in force from ``effective_from`` until the next version's."""

    version: str
    effective_from: date
    cycle_closes_below_pence: int
    letters_apart_days: int
    grace_days: int
    recent_payment_office_days: int
    stages: tuple[Stage, ...]

    def after(self, number: int) -> Stage | None:
        """Return the next enabled stage after ``number`` (0 before the first); nothing at the top."""
        return next((stage for stage in self.stages if stage.number > number and stage.enabled), None)


def check(versions: Iterable[LadderPolicy]) -> None:
    """Raise ``AssertionError`` for a version whose stages do not go upwards, each number once."""
    for one in versions:
        numbers = [stage.number for stage in one.stages]
        assert numbers == sorted(set(numbers)), f"{one.version}: stages go upwards"
