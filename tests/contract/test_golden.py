"""Every version of every event ever published is still understood; files are added, never changed."""

import json
from pathlib import Path

import pytest

from shared.events.decode import Rejection, decode
from shared.events.envelope import encode
from shared.events.topics import BY_TOPIC, CHANNELS
from tests.contract.samples import GOLDEN_FILES, record


def ids(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=ids)
def test_a_published_event_is_understood(path: Path) -> None:
    event = decode(record(path.parent.name, path.read_bytes()))
    assert not isinstance(event, Rejection), event
    assert event.unknown_fields == 0
    assert event.topic == path.parent.name


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=ids)
def test_what_we_write_is_what_we_read(path: Path) -> None:
    event = decode(record(path.parent.name, path.read_bytes()))
    assert not isinstance(event, Rejection)
    written = encode(
        BY_TOPIC[event.topic], event.data, id=event.id, source=event.source, time=event.time, book=event.book,
        aggver=event.aggver, correlation_id=event.correlation_id, causation_id=event.causation_id,
        traceparent=event.traceparent,
    )  # fmt: skip
    again = decode(record(event.topic, written))
    assert not isinstance(again, Rejection), again
    assert (again.uid, again.time, again.data, again.key, again.pence) == (
        event.uid, event.time, event.data, event.key, event.pence,
    )  # fmt: skip
    assert (again.book, again.aggver, again.correlation_id) == (event.book, event.aggver, event.correlation_id)


def test_every_topic_has_a_smallest_and_a_largest_sample() -> None:
    found = {ids(path) for path in GOLDEN_FILES}
    assert not {f"{channel.topic}/{size}" for channel in CHANNELS for size in ("min", "max")} - found


def test_writing_drops_absent_fields_but_keeps_the_null_that_removes() -> None:
    path = next(path for path in GOLDEN_FILES if ids(path) == "housing.contact-changed/removes")
    event = decode(record("housing.contact-changed", path.read_bytes()))
    assert not isinstance(event, Rejection)
    assert event.data.model_fields_set == {"party_id", "email", "channel"}
    channel = BY_TOPIC[event.topic]
    written = json.loads(encode(channel, event.data, id="x", source="s", time=event.time))
    assert written["data"] == {"party_id": "P-0001", "email": None, "channel": "post"}
