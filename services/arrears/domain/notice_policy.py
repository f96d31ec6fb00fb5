"""When a notice of potential liability is warranted, how long it lasts, and what stands in its way: dated data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.calendar import office_days_earlier
from shared.events.arrears import HoldKind
from shared.events.housing import ChargeKind

_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """One version, in force from ``effective_from`` until the next version's (domain.md 2.4, 3.13, 4.3).

    Warranted are ``minimum_pence`` (included), the oldest ``overdue_days`` past due, after the letters of
    ``after_stages`` that the ladder has enabled; before a sale ``sale_minimum_pence``.  A notice binds a buyer who
    enters ``wait_days`` after its registration; ``lead_office_days`` are what registering takes.  Of those charges
    count that are of ``eligible_kinds``, and no hold of ``blocking_holds`` stands.
    """

    version: str
    effective_from: date
    minimum_pence: int
    overdue_days: int
    after_stages: tuple[str, ...]
    sale_minimum_pence: int
    lead_office_days: int
    wait_days: int
    lasts_years: int
    renewal_task_days: tuple[int, ...]
    consent_after_office_days: int
    eligible_kinds: frozenset[ChargeKind]
    blocking_holds: frozenset[HoldKind]

    def last_day(self, registered_on: date) -> date:
        """Return the last day in force: that of 29 February ends a day early at worst (R-NOPL-4)."""
        month, day = registered_on.month, registered_on.day
        end = date(registered_on.year + self.lasts_years, month, 28 if (month, day) == _LEAP_DAY else day)
        return end - timedelta(days=1)

    def binds_from(self, registered_on: date) -> date:
        """Return the first day of entry of a buyer whom a notice binds (R-NOPL-2)."""
        return registered_on + timedelta(days=self.wait_days)

    def last_useful(self, entry_on: date) -> date:
        """Return the last day on which a registration still binds a buyer who enters on a day."""
        return entry_on - timedelta(days=self.wait_days)

    def ask_by(self, entry_on: date) -> date:
        """Return the last day on which there is time enough to register before a sale."""
        return office_days_earlier(self.last_useful(entry_on), self.lead_office_days)

    def first_task(self, last_on: date) -> date:
        """Return the day of a notice's first renewal task, from which on it may be renewed."""
        return last_on - timedelta(days=max(self.renewal_task_days))

    def task_on(self, last_on: date, day: date) -> date | None:
        """Return the newest renewal task of a notice that has come by a day; nothing before the first."""
        days = (last_on - timedelta(days=left) for left in self.renewal_task_days)
        return max((one for one in days if one <= day), default=None)


def check(versions: Sequence[NoticePolicy]) -> None:
    """Raise ``AssertionError`` for a version under which a notice could not be renewed before it ends."""
    for one in versions:
        assert one.renewal_task_days, f"{one.version}: at least one renewal task"
        assert min(one.renewal_task_days) > 0, f"{one.version}: renewed before the end"
        assert one.lasts_years > 0, f"{one.version}: years in force"
