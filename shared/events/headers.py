"""CloudEvents binary mode: the envelope travels in ``ce_`` headers, the value is the data."""

from collections.abc import Iterable
from typing import Any

_PREFIX = "ce_"
_WHOLE_NUMBERS = frozenset({"aggver"})


def binary_envelope(headers: Iterable[tuple[str, bytes | None]], data: dict[str, Any]) -> dict[str, Any] | None:
    """Return the document that structured mode would have carried; nothing without a ``ce_specversion`` header.

    A header without a value is absent; one that is not UTF-8 is spelt out with backslashes, which no id, type or
    instant allows.  Of an attribute sent twice the first stands.
    """
    attributes: dict[str, Any] = {}
    for name, value in headers:
        if name.startswith(_PREFIX) and value is not None and name != "ce_data":
            attributes.setdefault(name.removeprefix(_PREFIX), value.decode(errors="backslashreplace"))
    if "specversion" not in attributes:
        return None
    for name in _WHOLE_NUMBERS & attributes.keys():
        attributes[name] = _number(attributes[name])
    return {**attributes, "data": data}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
