"""What the letter says when the bank ended a direct debit: what came back, if any, why, and that it is over."""

from services.notify.domain import spoken
from services.notify.domain.letter import Fact, Headline, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.money import as_pounds
from shared.returns import reason_of

_WHY = {
    "arudd-1": "cancelled", "arudd-3": "moved", "arudd-5": "no-account", "arudd-6": "no-instruction",
    "arudd-b": "closed", "addacs-0": "cancelled", "addacs-1": "cancelled", "addacs-b": "closed",
}  # fmt: skip
"""Which words of the letter a code has; what a later list knows besides is told as that list puts it."""


def facts_of(ended: MandateEnded) -> dict[str, str]:
    """Return the facts that the letter's wording may name."""
    return {
        "amount": as_pounds(ended.amount_pence),
        "collected_on": spoken.day(ended.collected_on),
        "returned_on": spoken.day(ended.returned_on),
        "reason": reason_of(ended.code).meaning,
    }


def describe(ended: MandateEnded, wording: Wording, facts: Facts) -> Subject:
    """Return what the letter adds: the amount that came back, its mandate if we knew it, and the bank's reason."""
    headline = Headline(wording.headline["label"], as_pounds(ended.amount_pence), fill(wording.headline["note"], facts))
    known = (Fact("Mandate", ended.mandate_id),) if ended.mandate_id is not None else ()
    return Subject(known, headline, holds=frozenset({"returned", _why(ended.code)}))


def facts_of_withdrawn(ended: MandateWithdrawn) -> dict[str, str]:
    """Return the facts that the wording may name where no money came back."""
    return {"reason": reason_of(ended.code).meaning}


def describe_withdrawn(ended: MandateWithdrawn) -> Subject:
    """Return what the letter adds where no money came back: the mandate, the bank's reason, and no figure."""
    return Subject((Fact("Mandate", ended.mandate_id),), None, holds=frozenset({"withdrawn", _why(ended.code)}))


def _why(code: str) -> str:
    return _WHY.get(code, "other")
