"""Plain bytes are read by C alone: they must come out as from the reading that looks at every rule."""

import json
import math
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.events import strict_json
from shared.events.base import content_sha
from shared.events.rejection import Refused
from shared.events.strict_json import parse_object
from tests.contract.samples import golden

NAMES = st.sampled_from(["a", "b", "id", "data", "ä", ""])
NUMBERS = st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)


def values(plain: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=12,
    )


PLAIN = values(NUMBERS | st.text(alphabet="abc {}[]:,äλ", max_size=8))
VALUES = PLAIN | values(NUMBERS | st.none() | st.text(alphabet=st.characters(codec="utf-8"), max_size=8))


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """Bytes as senders write them: with spaces or not, with fields that stand twice, with a byte that went wrong."""
    fields = draw(st.lists(st.tuples(NAMES, draw(st.sampled_from([PLAIN, VALUES]))), max_size=5))
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" : ", "\n,\t")]))
    ascii_only = draw(st.booleans())

    def dumped(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, separators=(comma, colon))

    text = "{" + comma.join(f"{dumped(name)}{colon}{dumped(value)}" for name, value in fields) + "}"
    value = bytearray(text.encode("utf-8", "surrogatepass"))
    for place in draw(st.lists(st.integers(0, len(value) - 1), max_size=2)):
        value[place] = draw(st.sampled_from(b'"\\:{}[],01-. \n\x00\x1f\x7f\xffeEN'))
    return bytes(value)


def slowly(value: bytes) -> Any:
    """Read bytes under every rule."""
    with patch.object(strict_json, "_plain", return_value=None):
        try:
            return parse_object(value, keep_nulls=False)
        except Refused as refused:
            return refused.reason


@given(written())
@example(b'{"a":1,"a":1}')
@example(b'{"a" :1,"a":1}')
@example(b'{"a":{"b":"","b":""}}')
@example(b'{"a":1e999}')
@example(b'{"a":-0,"b":-0.0}')
@example(b'{"a":01}')
@example(b'{"a":"\x01"}')
@example(b'{"a":"\xed\xa0\x80"}')
@example(b'\xef\xbb\xbf{"a":1}')
@example(b'{"a":NaN}')
@example(b'{"a":1}\x00')
@example(b"[]")
@example(b'{"a":' + b"9" * 5_000 + b"}")
@example(b'{"a":' + b"9" * 25 + b"}")
def test_plain_bytes_say_what_every_rule_says(value: bytes) -> None:
    plain = strict_json._plain(value)
    if plain is not None:
        found, changed = slowly(value)
        assert repr(plain) == repr(found), "also 1 and 1.0, and the order of the fields"
        assert not changed


def test_what_senders_write_is_plain() -> None:
    for style in ((",", ":"), (", ", ": ")):
        value = json.dumps(golden("housing.charge-raised", "max"), ensure_ascii=False, separators=style).encode()
        assert strict_json._plain(value) is not None


@pytest.mark.parametrize("value", [b'{"a":1,"a":1}', b'{"a" :1,\n"a":1}', b'{"x":[{"a":"b","a":"b"}]}'])
def test_a_field_that_stands_twice_is_never_plain(value: bytes) -> None:
    assert strict_json._plain(value) is None
    assert slowly(value) == "not-json"


@given(st.dictionaries(NAMES, VALUES), st.randoms(use_true_random=False))
@example({"a": 2**80, "b": {"d": 1, "c": math.pi}}, None)
def test_the_order_of_fields_is_nothing_that_an_event_says(data: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(each) for each in value]
        if not isinstance(value, dict):
            return value
        names = list(value)[::-1]
        if random is not None:
            random.shuffle(names)
        return {name: shuffled(value[name]) for name in names}

    assert content_sha("t", shuffled(data)) == content_sha("t", data)
    assert content_sha("t", {**data, "one more": 1}) != content_sha("t", data)
