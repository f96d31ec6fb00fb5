"""When a new owner is welcomed, and with what."""

from datetime import date
from enum import StrEnum

from services.notify.domain import spoken
from services.notify.domain.letter import Headline, Subject
from services.notify.domain.recipients import Ownership
from services.notify.domain.wording import Wording


class Timing(StrEnum):
    """What to do about a wanted welcome letter."""

    NOW = "now"
    LATER = "later"
    NOT_WHILE_IT_STANDS_SO = "not-while-it-stands-so"


def timing(ownership: Ownership | None, day: date) -> Timing:
    """Return whether an account's welcome letter is due on ``day``.

    Due once the ownership has begun and still holds, however long ago it began: an owner who was there when management
    was taken over is welcomed once too.  One that begins later waits for its day; one that has ended, was cancelled or
    is the association's own gets no letter unless a correction brings it back.
    Source: domain.md 2.2 (Code of Conduct 1.2) and 8; one per account is our decision.
    """
    if ownership is None or ownership.internal or not ownership.is_current(day):
        return Timing.NOT_WHILE_IT_STANDS_SO
    return Timing.NOW if ownership.from_on <= day else Timing.LATER


def facts_of(from_on: date, factor: str) -> dict[str, str]:
    """Return the facts that the welcome letter's wording may name."""
    return {"from_on": spoken.day(from_on), "factor": factor}


def describe(wording: Wording, account_ref: str) -> Subject:
    """Return what the welcome letter adds: the reference that owners quote."""
    return Subject((), Headline(wording.headline["label"], account_ref, wording.headline["note"]))
