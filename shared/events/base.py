"""What every event is made of: the frozen data, the envelope's facts about it, and its identity."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict


class EventData(BaseModel):
    """The data of one kind of event: strict, frozen; fields it does not know are ignored (and counted by the bus)."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        ser_json_inf_nan="null",
    )


Data_co = TypeVar("Data_co", bound=EventData, covariant=True)


class Event(NamedTuple, Generic[Data_co]):
    """One decoded event as use cases see it.

    ``uid`` names it for ever (from ``source`` and ``id``); ``sha`` is the identity of its content (type and data);
    ``book``, ``aggver`` and the story ids are only on our own events; ``pence`` is what control totals count;
    ``unknown_fields`` is how many fields of the data this version has no name for.
    """

    uid: UUID
    sha: bytes
    id: str
    source: str
    type: str
    time: datetime
    topic: str
    key: str
    data: Data_co
    pence: int = 0
    book: date | None = None
    aggver: int | None = None
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    unknown_fields: int = 0


@dataclass(frozen=True)
class Beyond:
    """A number in an event that nothing here can hold: its digits as they were sent, which tell two of them apart."""

    digits: str
    nearest: float

    def read_as(self) -> float:
        """Return what is read instead, out of the range of every field that is known."""
        return self.nearest

    def written(self) -> dict[str, str]:
        """Return what stands for it in an event's identity."""
        return {"beyond": self.digits}


def content_sha(event_type: str, data: Any) -> bytes:
    """Return the SHA-256 of an event's content: its type and its data, whatever order the fields came in."""
    return hashlib.sha256(event_type.encode() + b"\n" + _in_order(data)).digest()


def _in_order(data: Any) -> bytes:
    """Return data as JSON with the fields of every object in the order of their names."""
    try:
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or a number beyond all limits, in a field that nobody knows
        return json.dumps(
            data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=Beyond.written
        ).encode()


def derived_id(cause_source: str, cause_id: str, topic: str, number: str) -> str:
    """Return the id of the ``number``-th event on ``topic`` that a cause led to; saying it again is a duplicate.

    ``number`` is unique within the cause and topic: the event's key and a count within the key.
    """
    return hashlib.sha256(f"{cause_source}|{cause_id}|{topic}|{number}".encode()).hexdigest()[:32]


def source_of(service: str) -> str:
    """Return the source that a service's events name, and no other's."""
    return f"closebook/{service}"
