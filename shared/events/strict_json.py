"""Bytes to a JSON object, by the contract's rules, which are stricter than the library's: one reading or none."""

import json
import math
from typing import Any

import orjson
from pydantic_core import from_json

from shared.events.base import Beyond
from shared.events.rejection import Reason, Refused

MAX_BYTES = 256 * 1024
MAX_NESTING = 32
_LONGEST_INT = 40
"""Digits; every number of the contract is far shorter, and converting a longer one costs time for nothing."""

_BEYOND_ANY_LIMIT: int = 10**_LONGEST_INT


class _OutOfRangeError(ValueError):
    """A number that no float is near."""


def _whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused(Reason.NOT_JSON, "a field stands twice in one object")
    return found


def _without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = _whole(pairs)
    if None in found.values():
        return {name: value for name, value in found.items() if value is not None}
    return found


def _no_constant(_name: str) -> Any:
    raise Refused(Reason.NOT_JSON, "NaN and Infinity are not JSON")


def _bounded_int(digits: str) -> int | Beyond:
    if len(digits) <= _LONGEST_INT:
        return int(digits)
    return Beyond(digits, _BEYOND_ANY_LIMIT * (-1 if digits.startswith("-") else 1))


def _finite(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise _OutOfRangeError
    return found


def _bounded_float(digits: str) -> float | Beyond:
    found = float(digits)
    return Beyond(digits, found) if math.isinf(found) else found


def _decoder(*, keep_nulls: bool, bounded: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_whole if keep_nulls else _without_nulls,
        parse_constant=_no_constant,
        parse_int=_bounded_int if bounded else None,
        parse_float=_bounded_float if bounded else _finite,
    )


_FAST = {keep: _decoder(keep_nulls=keep, bounded=False) for keep in (False, True)}
_BOUNDED = {keep: _decoder(keep_nulls=keep, bounded=True) for keep in (False, True)}


def parse_object(value: bytes | None, *, keep_nulls: bool) -> tuple[dict[str, Any], bool]:
    """Return the JSON object in ``value``, and whether it may not be what the bytes say (``Beyond`` stands in it).

    ``null`` is taken as absent unless ``keep_nulls``.  Raises ``Refused`` with ``too-large`` or ``not-json``; nothing
    else comes out, whatever the bytes (reliability.md B1-B7, B15, B18-B28).
    """
    if not value:
        raise Refused(Reason.NOT_JSON, "the record has no value")
    if len(value) > MAX_BYTES:
        raise Refused(Reason.TOO_LARGE, f"{len(value)} bytes, more than {MAX_BYTES}")
    plain = _plain(value)
    if plain is not None:
        return plain, False
    found, changed = _load(_text(value), keep_nulls)
    if not isinstance(found, dict):
        raise Refused(Reason.NOT_JSON, "the value is JSON but not an object")
    if value.count(b"{") + value.count(b"[") > MAX_NESTING:
        _check_nesting(found)
    if b"\\u" in value:
        _check_surrogates(found)
    return found, changed or (b"null" in value and not keep_nulls)


def _plain(value: bytes) -> dict[str, Any] | None:
    """Return the object that plain bytes are, read by C alone; none: they are not plain, and every rule is looked at.

    Nearly all events are.  Without escapes each quote begins or ends a name or a text: if as many come out as went in,
    no field stood twice.
    """
    if b"\\" in value or b"null" in value or value.count(b"{") + value.count(b"[") > MAX_NESTING:
        return None
    try:
        found = from_json(value, allow_inf_nan=False)
        again = orjson.dumps(found)
    except (ValueError, TypeError):
        return None
    # Where no null came in, one that comes out is a number out of range.
    is_whole = value.count(b'"') == again.count(b'"') and b"null" not in again
    return found if is_whole and isinstance(found, dict) else None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Refused(Reason.NOT_JSON, "the value is not UTF-8") from error


def _load(text: str, keep_nulls: bool) -> tuple[Any, bool]:
    try:
        return _parsed(text, _FAST[keep_nulls]), False
    except ValueError:  # out of range: also, Python converts no integer beyond 4300 digits
        return _parsed(text, _BOUNDED[keep_nulls]), True


def _parsed(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except RecursionError as error:
        raise Refused(Reason.NOT_JSON, f"nested deeper than {MAX_NESTING}") from error
    except json.JSONDecodeError as error:
        raise Refused(Reason.NOT_JSON, f"{error.msg} at character {error.pos}") from error


def _check_nesting(found: Any) -> None:
    level = [found]
    for _ in range(MAX_NESTING):
        level = [inner for outer in level for inner in _contents(outer)]
        if not level:
            return
    raise Refused(Reason.NOT_JSON, f"nested deeper than {MAX_NESTING}")


def _contents(outer: Any) -> list[Any]:
    inner = outer.values() if isinstance(outer, dict) else outer
    return [value for value in inner if isinstance(value, dict | list)]


def _check_surrogates(found: dict[str, Any]) -> None:
    try:
        json.dumps(found, ensure_ascii=False, default=Beyond.read_as).encode()
    except UnicodeEncodeError as error:
        raise Refused(Reason.NOT_JSON, "half of a surrogate pair stands alone") from error
