"""What commands and questions to a service have in common, whichever service hears them."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.events.types import Text

HIGHEST_NUMBER = 2**63 - 1
"""Of what a service numbers: no row of a database has a higher one."""

RowNumber = Annotated[int, Field(ge=0, le=HIGHEST_NUMBER)]
"""The number of a row."""


class Body(BaseModel):
    """What a command is given with; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class WithReason(Body):
    """A command that says why; the reason is kept in the audit."""

    reason: Text


_DEEPEST = 32
# What Python still reads it may not be able to write again, deeper in its own calls.


def _keepable(content: dict[str, Any]) -> dict[str, Any]:
    """Return content that PostgreSQL keeps as JSON; a zero byte, half a pair and what is no number are refused."""
    if any("\0" in text for text in _texts(content)):
        raise ValueError("holds a zero byte")
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    return content


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text in a JSON value, names of fields included."""
    if depth > _DEEPEST:
        raise ValueError(f"is nested deeper than {_DEEPEST}")
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, depth + 1)
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one, depth + 1)


Content = Annotated[dict[str, Any], AfterValidator(_keepable)]
"""What a command asks for, before its kind has looked at it."""
