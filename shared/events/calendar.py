"""The business day ends, and each service in turn says that it has closed it."""

from typing import Annotated

from pydantic import Field

from shared.events.base import EventData
from shared.events.types import Day

Offset = Annotated[int, Field(ge=0, lt=2**63)]
"""A place in a partition of Kafka."""

MOST_DAYS_AT_ONCE = 400
"""How many days after the last one a day may end: more is taken for a slip of the hand (contract: the day closes)."""


class DayEnded(EventData):
    """The business day is over; it ends every day since the last one ended.  Key: ``calendar``."""

    day: Day
    after: dict[str, tuple[Offset, ...]] = Field(
        default_factory=dict, description="End offset of each partition of each housing topic when the day ended."
    )


class TopicTotal(EventData):
    """What a service said on one topic, over all its books so far."""

    events: int = Field(ge=0)
    amount_pence: int


class DayClosed(EventData):
    """A service has closed the day: its cut through its own topics and its control totals.  Key: ``calendar``."""

    day: Day
    after: dict[str, tuple[Offset, ...]]
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
