"""Until when a settlement figure holds, and how far ahead one may be asked for: dated versions, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class SettlementPolicy:
    """One version, in force from ``effective_from`` until the next version's.

    A figure holds until the day of entry; where that has come, ``valid_days`` from today.  Nobody can say what fees
    will be for an entry more than ``most_days_ahead``.
    """

    version: str
    effective_from: date
    valid_days: int
    most_days_ahead: int

    def valid_until(self, entry_on: date, today: date) -> date:
        """Return the last day on which a figure that names none holds."""
        return entry_on if entry_on > today else today + timedelta(days=self.valid_days)


def check(versions: Sequence[SettlementPolicy]) -> None:
    """Raise ``AssertionError`` unless some version is in force on every day, and each can be meant."""
    assert min(one.effective_from for one in versions) == date.min, "one version is in force from the first day on"
    assert len({one.version for one in versions}) == len(versions), "each version has a name of its own"
    for one in versions:
        assert one.valid_days > 0, f"{one.version}: a figure holds for a day at least"
        assert one.most_days_ahead > 0, f"{one.version}: a figure may be asked for before the entry"
