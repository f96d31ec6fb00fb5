"""Which events of a batch bring something new, by the business ids they carry."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from shared.bus.work import Work
from shared.events.base import Event, EventData

D = TypeVar("D", bound=EventData)


def claim(work: Work, event: Event[EventData], business_id: str, known: dict[str, bytes]) -> bool:
    """Say whether a business id is new; the same content again is a duplicate, other content a conflict.

    ``known`` has the content hash of every id known; a caller that accepts the event adds to it.
    Source: contract.md 4.
    """
    sha = known.get(business_id)
    if sha is None:
        return True
    if sha == event.sha:
        work.duplicate(event)
    else:
        work.conflict(event, f"{business_id} was used before for other content")
    return False


def newest(events: Sequence[Event[D]], name: Callable[[D], object]) -> list[Event[D]]:
    """Return the last event about each thing; events of one thing come in order."""
    return list({name(event.data): event for event in events}.values())
