"""What the notice of a missing share says (rule 5): the common cost, what of it is missing, the owner's part.

Nothing of it says whose share is missing.  Source: domain.md 2.3 (R-TEN-5), 5.
"""

from services.notify.domain import safety
from services.notify.domain.letter import Headline, Subject
from services.notify.domain.wording import Wording
from shared.events.billing import ShareCarried
from shared.money import as_pounds


def facts_of(notice: ShareCarried) -> dict[str, str]:
    """Return the facts that the letter's wording may name."""
    return {
        "cost": safety.clean(notice.description),
        "total": as_pounds(notice.total_pence),
        "missing": as_pounds(notice.missing_pence),
        "share": notice.share,
        "extra": as_pounds(notice.share_pence),
    }


def describe(notice: ShareCarried, wording: Wording) -> Subject:
    """Return what the notice adds to a letter: the owner's part."""
    words = wording.headline
    return Subject((), Headline(words["label"], as_pounds(notice.share_pence), words["note"]))
