"""Whatever arrives, the decoder answers."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.base import Event
from shared.events.decode import Reason, Rejection, decode
from shared.events.topics import BY_TOPIC
from tests.contract.samples import GOLDEN_FILES, record

topics = st.sampled_from(sorted(BY_TOPIC))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
    ["2026-02-30", "2026-01-01", 0, -1, 10**13, 1.5, "", "x" * 600, "\x00", "\ud800"]
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_aggver", "", "x"]),
        st.none() | st.binary(max_size=20) | st.sampled_from([b"1.0", b"housing.charge-raised.v1"]),
    ),
    max_size=8,
)


def answered(found: object) -> bool:
    return isinstance(found, Event) or (isinstance(found, Rejection) and found.reason in set(Reason))


@settings(max_examples=200)
@given(topics, st.none() | st.binary(max_size=200), headers)
def test_any_bytes_are_answered(topic: str, value: bytes | None, sent: list[tuple[str, bytes | None]]) -> None:
    assert answered(decode(record(topic, value, *sent)))


@settings(max_examples=200)
@given(topics, values, headers)
def test_any_json_is_answered(topic: str, value: Any, sent: list[tuple[str, bytes | None]]) -> None:
    assert answered(decode(record(topic, json.dumps(value).encode(), *sent)))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


@settings(max_examples=400)
@given(st.sampled_from(GOLDEN_FILES), st.data())
def test_an_event_with_anything_in_any_place_is_answered(path: Any, data: st.DataObject) -> None:
    document = json.loads(path.read_text())
    *outer, last = data.draw(st.sampled_from(places(document)[1:]))
    target = document
    for part in outer:
        target = target[part]
    target[last] = data.draw(values)
    assert answered(decode(record(path.parent.name, json.dumps(document).encode())))
