"""The business day ends, and each service in turn says that it has closed it."""

from pydantic import Field

from shared.events.base import EventData
from shared.events.types import Day


class DayEnded(EventData):
    """The business day is over; it ends every day since the last one ended.  Key: ``calendar``."""

    day: Day
    after: dict[str, tuple[int, ...]] = Field(
        default_factory=dict, description="End offset of each partition of each housing topic when the day ended."
    )


class TopicTotal(EventData):
    """What a service said on one topic, over all its books so far."""

    events: int = Field(ge=0)
    amount_pence: int


class DayClosed(EventData):
    """A service has closed the day: its cut through its own topics and its control totals.  Key: ``calendar``."""

    day: Day
    after: dict[str, tuple[int, ...]]
    totals: dict[str, TopicTotal]


class EventRejected(EventData):
    """An event became a dead letter.  Said by the service that refused it; no content of the event.

    Key: the event's.
    """

    topic: str
    partition: int
    offset: int
    event_id: str | None = None
    reason: str
    detail: str
