"""Which of several statements about one thing is the newest, whatever order they arrived in."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.events.base import Event, EventData

T = TypeVar("T", bound=EventData)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """When something was told, and by which event; the greater one is newer.

    Source: contract.md section 2 ("newest" means greatest ``time``, then ``id``).  Two sources may use one id at one
    time, so the source decides last.
    """

    told_at: datetime
    event_id: str
    source: str

    @classmethod
    def of(cls, event: Event[Any]) -> "Stamp":
        """Return the stamp of an event."""
        return cls(event.time, event.id, event.source)


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What was told of a thing, and when."""

    stamp: Stamp
    data: T


@dataclass(frozen=True, slots=True)
class Sorted(Generic[Key, T]):
    """Arrivals sorted out: the newest event of each key that moved on, and the events that repeat what held already."""

    newest: Mapping[Key, Event[T]]
    repeats: Sequence[Event[T]]


def sort_out(known: Mapping[Key, Told[T]], arrivals: Iterable[tuple[Key, Event[T]]]) -> Sorted[Key, T]:
    """Find what is newest now; an older arrival changes nothing, a repeat changes at most when it was said last."""
    holds = dict(known)
    newest: dict[Key, Event[T]] = {}
    repeats: list[Event[T]] = []
    for key, event in arrivals:
        before = holds.get(key)
        if before is not None and before.data == event.data:
            repeats.append(event)
        if before is None or before.stamp < Stamp.of(event):
            holds[key] = Told(Stamp.of(event), event.data)
            newest[key] = event
    return Sorted(newest, repeats)
