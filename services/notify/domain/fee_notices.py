"""What the letter of an increase says: what is charged, how much until now, how much from which day on, and why."""

from services.notify.domain import safety, spoken
from services.notify.domain.letter import Headline, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.billing import FeeNoticeGiven
from shared.events.housing import ChargeKind
from shared.money import as_pounds

_CALLED = {ChargeKind.INSURANCE: "buildings insurance", ChargeKind.RESERVE_FUND: "contribution to the reserve fund"}
_TIMES = {1: "one sum a year", 2: "two sums a year", 4: "four sums a year"}


def called(kind: ChargeKind) -> str:
    """Return what owners call a fee or premium."""
    return _CALLED.get(kind, kind.value.replace("-", " "))


def times(instalments: int) -> str:
    """Return in how many sums a year it is charged."""
    return _TIMES.get(instalments, f"{instalments} sums a year")


def tax_in(pence: int) -> str:
    """Return what a sum's tax adds to its words; nothing when there is none."""
    return f", {as_pounds(pence)} of it tax" if pence else ""


def facts_of(notice: FeeNoticeGiven) -> dict[str, str]:
    """Return the facts that the letter's wording may name; money of a year, tax included."""
    return {
        "what": called(notice.kind),
        "old": as_pounds(notice.old_pence),
        "new": as_pounds(notice.new_pence),
        "tax": tax_in(notice.new_tax_pence),
        "instalments": times(notice.instalments),
        "share": notice.share or "",
        "effective_from": spoken.day(notice.effective_from),
        "why": safety.clean(notice.why),
    }


def describe(notice: FeeNoticeGiven, wording: Wording, facts: Facts) -> Subject:
    """Return what the letter adds: the new sum, each owner's own or the pool's."""
    whose = "pool" if notice.share else "own"
    headline = Headline(
        fill(wording.headline[f"{whose}_label"], facts),
        as_pounds(notice.new_pence),
        fill(wording.headline[f"{whose}_note"], facts),
    )
    return Subject((), headline, holds=frozenset({whose}))
