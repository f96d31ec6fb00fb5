"""When statements are due and final accounts are issued: dated versions, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MOST_MONTHS = 3
"""An owner who left is accounted to within three months: no policy may say more (Code of Conduct 3.5)."""


@dataclass(frozen=True, slots=True)
class StatementPolicy:
    """One version, in force from ``effective_from`` until the next version's.

    A document issued while it is in force is due ``due_days`` later.  The final account of an exit in that time is
    issued ``final_account_days`` after the quarter of the owner's last day, ``final_account_months`` after the exit at
    the latest.
    """

    version: str
    effective_from: date
    due_days: int
    final_account_days: int
    final_account_months: int


def check(versions: Sequence[StatementPolicy]) -> None:
    """Raise ``AssertionError`` unless some version is in force on every day, and each can be meant.

    A document is due after it was issued, and nobody who left waits longer than three months for theirs.
    """
    assert min(one.effective_from for one in versions) == date.min, "one version is in force from the first day on"
    assert len({one.version for one in versions}) == len(versions), "each version has a name of its own"
    for one in versions:
        assert one.due_days > 0, f"{one.version}: due after it was issued"
        assert one.final_account_days > 0, f"{one.version}: a final account after the quarter"
        assert 0 < one.final_account_months <= MOST_MONTHS, f"{one.version}: a final account within three months"
