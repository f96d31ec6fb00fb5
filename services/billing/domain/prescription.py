"""Prescription: on which day a debt is extinguished that nobody claims, and what sets its five years back.

The years run from the day it fell due.  A claim in court or in an insolvency, and the debtor's written word, set them
back for the charges they name; neither a notice of potential liability does, nor money, which the books allocate by
their own order.  Source: domain.md 2.5, R-PRE-1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.billing.domain.position import Open
from shared.calendar import months_later
from shared.money import as_pounds

_MONTHS = 5 * 12
_DAY = timedelta(days=1)


class InterruptionGround(StrEnum):
    """What sets the five years back."""

    COURT_ACTION = "court-action"
    INSOLVENCY_CLAIM = "insolvency-claim"
    ADMISSION = "admission"


class Band(StrEnum):
    """How soon a debt prescribes: it has, within so many months, or later."""

    PAST = "past"
    MONTHS_3 = "months_3"
    MONTHS_6 = "months_6"
    MONTHS_12 = "months_12"
    LATER = "later"


_BANDS = {0: Band.PAST, 3: Band.MONTHS_3, 6: Band.MONTHS_6, 12: Band.MONTHS_12}
_FAR = max(_BANDS)
_NEAREST_FIRST = list(Band)


@dataclass(frozen=True, slots=True)
class Interruption:
    """A claim or an admission on a day that names charges of an account.

    ``book`` and ``withdrawn_in`` say when it was learnt, and taken back as never made.
    """

    interruption_id: str
    interrupted_on: date
    ground: InterruptionGround
    charge_ids: frozenset[str]
    book: date
    withdrawn_in: date | None = None


@dataclass(frozen=True, slots=True)
class Debt:
    """What is open of an item, from which day its years count, and the interruption that says so, if one does."""

    open: Open
    counts_from: date
    interruption: Interruption | None = None

    @property
    def prescribes_on(self) -> date:
        """The first day on which the debt is extinguished."""
        return prescribed_from(self.counts_from)

    @property
    def name(self) -> tuple[str, str | None]:
        """The charge, and the statement that carries this piece of it."""
        return self.open.item.charge_id, self.open.item.statement_no


def prescribed_from(counts_from: date) -> date:
    """Return the first day on which a debt is extinguished; 29 February: 28 February, early rather than late."""
    return months_later(counts_from, _MONTHS)


def counted(
    interruptions: Iterable[Interruption], as_of: date | None, known_at: date | None
) -> tuple[Interruption, ...]:
    """Return the interruptions of a day or earlier that were known, and not withdrawn, at a book (None: all, now)."""
    day, book = as_of or date.max, known_at or date.max
    return tuple(
        one
        for one in interruptions
        if one.interrupted_on <= day and one.book <= book and (one.withdrawn_in is None or one.withdrawn_in > book)
    )


def debt_of(opened: Open, interruptions: Iterable[Interruption]) -> Debt:
    """Return from when an open item's years count: its due day, or the newest word in time about its charge.

    A word before the debt was due changes nothing, nor does one after its end: what is extinguished is not revived.
    """
    debt = Debt(opened, opened.item.due_on)
    for one in sorted(interruptions, key=lambda one: (one.interrupted_on, one.interruption_id)):
        in_time = debt.counts_from <= one.interrupted_on < debt.prescribes_on
        if in_time and opened.item.charge_id in one.charge_ids:
            debt = Debt(opened, one.interrupted_on, one)
    return debt


def band_of(prescribes_on: date, day: date) -> Band:
    """Return how soon, seen from a day, a debt prescribes."""
    return next((band for months, band in _BANDS.items() if prescribes_on <= months_later(day, months)), Band.LATER)


def windows(closed: date, day: date) -> list[tuple[date, date]]:
    """Return when the years began of debts that pass into a nearer band after ``closed``, by ``day``.

    Each window goes from the day after its first to its second; one that holds no day is left out.
    """
    edges = ((_begun_by(months_later(closed, months)), _begun_by(months_later(day, months))) for months in _BANDS)
    return [(after, until) for after, until in edges if after < until]


def begun_within_bands(day: date) -> date:
    """Return the last day from which the years of a debt may count that is in any band but the last on a day."""
    return _begun_by(months_later(day, _FAR))


def _begun_by(day: date) -> date:
    """Return the last day from which five years are over by ``day``."""
    begun = months_later(day, -_MONTHS)
    return begun + _DAY if prescribed_from(begun + _DAY) <= day else begun


def entered(before: Iterable[Debt], day_before: date, now: Iterable[Debt], day: date) -> list[tuple[Band, Debt]]:
    """Return the debts that are in a nearer band on ``day`` than they were, or in one at all that were not open."""
    known = {debt.name: band_of(debt.prescribes_on, day_before) for debt in before}
    bands = [(band_of(debt.prescribes_on, day), debt) for debt in now]
    return [(band, debt) for band, debt in bands if _rank(band) < _rank(known.get(debt.name, Band.LATER))]


def _rank(band: Band) -> int:
    return _NEAREST_FIRST.index(band)


def refuse_interruption(charge_id: str, debts: Sequence[Debt], on: date) -> str | None:
    """Return why a word on a day sets nothing of a charge's open debts back; None: it does."""
    due = [debt for debt in debts if debt.open.item.charge_id == charge_id and debt.open.item.due_on <= on]
    if not due:
        return f"nothing of {charge_id} that was due by {on} is open"
    last = max(debt.prescribes_on for debt in due)
    if last <= on:
        return f"{charge_id} prescribed on {last}, and a word of {on} does not revive it"
    return None


def refuse_as_prescribed(charge_id: str, asked_pence: int, debts: Sequence[Debt], day: date) -> str | None:
    """Return why so much of a charge's open debts cannot be given up as prescribed on a day; None: it can.

    More than is open at all is refused by whoever gives it up.
    """
    own = [debt for debt in debts if debt.open.item.charge_id == charge_id]
    gone = sum(debt.open.open_pence for debt in own if debt.prescribes_on <= day)
    later = [debt.prescribes_on for debt in own if debt.prescribes_on > day]
    if asked_pence <= gone or not later:
        return None
    return f"{as_pounds(gone)} of {charge_id} has prescribed by {day}, the rest does from {min(later)} on"
