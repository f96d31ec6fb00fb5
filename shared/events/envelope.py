"""Writing an event: the structured CloudEvents 1.0 form that ``decode`` reads."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

import orjson
from pydantic_core import to_json

from shared.events.base import EventData
from shared.events.housing import ContactChanged
from shared.events.topics import Channel, key_of

_ID = re.compile(rb'\{"specversion":"1\.0","id":"([^"\\]*)"')


def encode(
    channel: Channel,
    data: EventData,
    *,
    id: str,  # noqa: A002 - the attribute's name in the standard
    source: str,
    time: datetime,
    book: date | None = None,
    aggver: int | None = None,
    correlation_id: str = "",
    causation_id: str = "",
    traceparent: str = "",
) -> bytes:
    """Return one event as it goes to Kafka: an envelope with our extensions, then the data without absent fields.

    ``time`` has an offset.  In a contact change a field set to ``None`` is kept as ``null``: there it removes.
    """
    attributes: dict[str, object] = {
        "specversion": "1.0", "id": id, "source": source, "type": channel.type, "time": _instant(time),
        "subject": key_of(channel, data), "datacontenttype": "application/json", "book": book, "aggver": aggver,
        "correlationid": correlation_id, "causationid": causation_id, "traceparent": traceparent,
    }  # fmt: skip
    present = {name: value for name, value in attributes.items() if value}
    return orjson.dumps(present)[:-1] + b',"data":' + data_bytes(data) + b"}"


def id_in(body: bytes) -> str:
    """Return the id of an event that ``encode`` wrote, without reading the rest of it; empty for other bytes."""
    found = _ID.match(body)
    return found[1].decode() if found else ""


def data_bytes(data: EventData) -> bytes:
    """Return the data alone as JSON, by its names on the wire."""
    if type(data) is ContactChanged:
        return data.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return to_json(data, by_alias=True, exclude_none=True)


@lru_cache(maxsize=8)
def _instant(time: datetime) -> str:
    """Return an instant as RFC 3339, in UTC; all events of a transaction have the same."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
