"""What the advance notice of a direct debit says: how much is taken, and on which day."""

from services.notify.domain import spoken
from services.notify.domain.letter import Fact, Headline, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.billing import CollectionAnnounced
from shared.money import as_pounds


def facts_of(collection: CollectionAnnounced) -> dict[str, str]:
    """Return the facts that the notice's wording may name."""
    return {
        "amount": as_pounds(collection.amount_pence),
        "collect_on": spoken.day(collection.collect_on),
        "collection_id": collection.collection_id,
    }


def describe(collection: CollectionAnnounced, wording: Wording, facts: Facts) -> Subject:
    """Return what the notice adds to a letter: the amount and its day (domain.md 5)."""
    headline = Headline(
        wording.headline["label"], as_pounds(collection.amount_pence), fill(wording.headline["note"], facts)
    )
    return Subject((Fact("Mandate", collection.mandate_id),), headline)
