"""Charges and credits that billing makes itself, as the events that the use cases for the housing system's take."""

from datetime import UTC, date, datetime, time
from typing import TypeVar

from shared.events.base import Event, EventData, content_sha
from shared.events.uid import event_uid

D = TypeVar("D", bound=EventData)


def own_event(source: str, name: str, type_: str, topic: str, on: date, data: D) -> Event[D]:
    """Return data as an event of a day's work; its name is for ever, and nothing of it stands in Kafka."""
    content = data.model_dump(mode="json", by_alias=True, exclude_none=True)
    at = datetime.combine(on, time(), UTC)
    return Event(event_uid(source, name), content_sha(type_, content), name, source, type_, at, topic, name, data)
