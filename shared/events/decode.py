"""The total decoder: any Kafka record becomes an ``Event`` or a ``Rejection`` with a reason; nothing is ever raised.

One strict JSON reading gives the structure and the content's identity, one pydantic pass over the same bytes gives
the frozen data.  Key, headers (in structured mode) and Kafka's timestamp decide nothing.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.events.base import Beyond, Event, EventData, content_sha, source_of
from shared.events.explain import reason_of
from shared.events.headers import binary_envelope
from shared.events.rejection import Reason, Record, Refused, Rejection
from shared.events.shapes import check_shape
from shared.events.strict_json import parse_object
from shared.events.topics import BY_TOPIC, BY_TYPE, CONTACT_CHANGED, Channel, key_of, pence_of
from shared.events.types import ID_PATTERN, TEXT_PATTERN, Day, Id, Text
from shared.events.uid import event_uid
from shared.events.unknown import count_unknown
from shared.money import MAX_PENCE

__all__ = ["Reason", "Record", "Rejection", "decode"]

SPEC_VERSION = "1.0"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_ID = re.compile(ID_PATTERN)
_TEXT = re.compile(TEXT_PATTERN)
_OUTSIDE = ("housing", "calendar")
"""Who writes events without book and aggver (contract.md section 1)."""

Data_co = TypeVar("Data_co", bound=EventData, covariant=True)
AggregateVersion = Annotated[int, Field(ge=1, lt=2**63)]


class _Envelope(BaseModel, Generic[Data_co]):
    """The CloudEvents attributes that matter, around the data of one channel; what others put in ours is ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Id
    source: Text
    time: AwareDatetime
    data: Data_co
    book: Any = None
    aggver: Any = None


class _OwnEnvelope(_Envelope[Data_co], Generic[Data_co]):
    """Our own events also carry the book and the version of the thing they tell about."""

    book: Day
    aggver: AggregateVersion


@cache
def _envelope_of(topic: str) -> type[_Envelope[EventData]]:
    channel = BY_TOPIC[topic]
    generic: Any = _Envelope if channel.owner in _OUTSIDE else _OwnEnvelope
    return cast("type[_Envelope[EventData]]", generic[channel.model])


def decode(record: Record) -> Event[EventData] | Rejection:
    """Return the event in ``record``, or why it is none (contract.md sections 1 and 4); never raises."""
    keep_nulls = record.topic == CONTACT_CHANGED.topic
    try:
        document, changed = parse_object(record.value, keep_nulls=keep_nulls)
    except Refused as refused:
        return Rejection(refused.reason, refused.detail, refused.field)
    if document.get("specversion") is None:
        enveloped = binary_envelope(record.headers, document)
        document, changed = enveloped or document, True
    try:
        return _event(record, document, changed)
    except Refused as refused:
        return _rejection(refused, document)


def _event(record: Record, document: dict[str, Any], changed: bool) -> Event[EventData]:
    channel = _channel(record.topic, document)
    envelope = _validated(channel, record.value or b"", document, changed)
    if not _RFC3339.fullmatch(document["time"]) or not 1 < envelope.time.year < 9999:
        raise Refused(Reason.BAD_DATE, "time is no RFC 3339 instant with an offset", "time")
    data = envelope.data
    ours = channel.owner not in _OUTSIDE
    if ours and envelope.source != source_of(channel.owner):
        raise Refused(Reason.WRONG_SOURCE, f"only {channel.owner} says {channel.topic}", "source")
    check_shape(channel.topic, data)
    return Event(
        event_uid(envelope.source, envelope.id),
        content_sha(channel.type, document["data"]),
        envelope.id,
        envelope.source,
        channel.type,
        envelope.time,
        channel.topic,
        key_of(channel, data),
        data,
        pence_of(channel, data),
        envelope.book if ours else None,
        envelope.aggver if ours else None,
        _story(document, "correlationid"),
        _story(document, "causationid"),
        _story(document, "traceparent"),
        count_unknown(channel.model, document["data"]),
    )


def _channel(topic: str, document: Mapping[str, Any]) -> Channel:
    version = document.get("specversion")
    if version is None:
        raise Refused(Reason.MISSING_FIELD, "no specversion, neither in the value nor as a header", "specversion")
    if version != SPEC_VERSION:
        reason = Reason.UNKNOWN_TYPE if isinstance(version, str) else Reason.WRONG_TYPE
        raise Refused(reason, "only CloudEvents 1.0 is understood", "specversion")
    event_type = document.get("type")
    if event_type is None:
        raise Refused(Reason.MISSING_FIELD, "the event has no type", "type")
    if not isinstance(event_type, str):
        raise Refused(Reason.WRONG_TYPE, "type is a text", "type")
    channel = BY_TYPE.get(event_type)
    if channel is None:
        raise Refused(Reason.UNKNOWN_TYPE, "no such event type or version", "type")
    if channel.topic != topic:
        raise Refused(Reason.WRONG_TOPIC, f"{event_type} does not travel on {topic}", "type")
    return channel


def _validated(channel: Channel, value: bytes, document: dict[str, Any], changed: bool) -> _Envelope[EventData]:
    model = _envelope_of(channel.topic)
    if changed:
        value = json.dumps(document, default=Beyond.read_as).encode()
    try:
        return model.model_validate_json(value, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason, field = reason_of(first, model)
        raise Refused(reason, first["msg"], field) from error


def _story(document: Mapping[str, Any], name: str) -> str:
    """Return a story id, or nothing where the sender's could not be written to a log as it stands."""
    found = document.get(name)
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def _rejection(refused: Refused, document: Mapping[str, Any]) -> Rejection:
    """Keep as much of the event's identity as can be trusted, so that its refusal can be counted."""
    event_id, source, event_type = (_text(document, name) for name in ("id", "source", "type"))
    named = event_id is not None and _ID.fullmatch(event_id) and source is not None
    return Rejection(
        reason=refused.reason,
        detail=refused.detail,
        field=refused.field,
        uid=event_uid(source or "", event_id or "") if named else None,
        event_id=event_id,
        source=source,
        type=event_type,
        sha=content_sha(event_type, document.get("data")) if event_type is not None else None,
        pence=_readable_pence(event_type, document.get("data")),
        book=_readable_day(document.get("book")),
        aggver=_readable_version(document.get("aggver")),
    )


def _text(document: Mapping[str, Any], name: str) -> str | None:
    found = document.get(name)
    return found if isinstance(found, str) and 0 < len(found) <= 500 and _TEXT.fullmatch(found) else None


def _readable_pence(event_type: str | None, data: object) -> int:
    channel = BY_TYPE.get(event_type or "")
    if channel is None or channel.amount is None or not isinstance(data, dict):
        return 0
    pence = data.get(channel.amount)
    return pence if type(pence) is int and -MAX_PENCE < pence < MAX_PENCE else 0


def _readable_day(found: object) -> date | None:
    try:
        return date.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None


def _readable_version(found: object) -> int | None:
    return found if type(found) is int and 0 < found < 2**63 else None
