"""How long before a collection owners are told and its file goes out: dated versions, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.calendar import bank_days_earlier, bank_days_later


@dataclass(frozen=True, slots=True)
class DirectDebitPolicy:
    """One version, in force from ``effective_from`` until the next version's, counted in days on which Bacs works.

    An owner is told ``notice_bank_days`` before a collection; its file is at the bureau ``submit_bank_days`` before;
    ``settle_bank_days`` after it the bank has told of the money, or never will.
    """

    version: str
    effective_from: date
    notice_bank_days: int
    submit_bank_days: int
    settle_bank_days: int

    def refuse_day(self, collect_on: date, book: date) -> str | None:
        """Return why nothing may be announced in a book for a day of collection; None: it may."""
        earliest = bank_days_later(book, self.notice_bank_days)
        if collect_on >= earliest:
            return None
        return f"Owners are told {self.notice_bank_days} working days before; {earliest} is the first day possible."

    def last_release(self, collect_on: date) -> date:
        """Return the last day on which the file of a collection may still go out."""
        return bank_days_earlier(collect_on, self.submit_bank_days)

    def settled_by(self, collect_on: date) -> date:
        """Return the last day on which what was collected may still be on its way."""
        return bank_days_later(collect_on, self.settle_bank_days)

    def is_in_flight(self, collect_on: date, book: date, *, released: bool) -> bool:
        """Say whether what owners were told of a collection may still be taken, or be on its way, in a book."""
        return book <= (self.settled_by(collect_on) if released else self.last_release(collect_on))


def check(versions: Sequence[DirectDebitPolicy]) -> None:
    """Raise ``AssertionError`` unless owners are told before the file goes out, by every version."""
    for one in versions:
        assert 0 < one.submit_bank_days < one.notice_bank_days, f"{one.version}: told before it is submitted"
