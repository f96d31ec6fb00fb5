"""What the letter of a relief that ends says: what is charged from which day on, what it was until then, and why."""

from services.notify.domain import fee_notices, safety, spoken
from services.notify.domain.letter import Headline, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.billing import ReliefEnded
from shared.events.housing import ChargeKind
from shared.money import as_pounds

_WHOLE = 10_000


def facts_of(ended: ReliefEnded) -> dict[str, str]:
    """Return the facts that the letter's wording may name; money of a year, tax included."""
    return {
        "what": fee_notices.called(ended.kind),
        "old": as_pounds(ended.old_pence),
        "new": as_pounds(ended.new_pence),
        "tax": fee_notices.tax_in(ended.new_tax_pence),
        "instalments": fee_notices.times(ended.instalments),
        "last_on": spoken.day(ended.last_on),
        "charged_from": spoken.day(ended.charged_from),
        "why": safety.clean(ended.why),
    }


def describe(ended: ReliefEnded, wording: Wording, facts: Facts) -> Subject:
    """Return what the letter adds: the new sum, and whether all was let off, for cover of their own, or a part."""
    headline = Headline(
        fill(wording.headline["label"], facts), as_pounds(ended.new_pence), fill(wording.headline["note"], facts)
    )
    whole = ended.points == _WHOLE
    sort = ("cover" if ended.kind is ChargeKind.INSURANCE else "whole") if whole else "part"
    return Subject((), headline, holds=frozenset({sort}))
