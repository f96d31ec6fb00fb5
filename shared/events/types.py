"""The field types of the contract: identifiers, text, days, instants and pence, each strict about what it accepts."""

from datetime import date
from typing import Annotated

from pydantic import Field, GetPydanticSchema, StringConstraints, WithJsonSchema
from pydantic_core import core_schema

from shared.money import MAX_PENCE

ID_PATTERN = r"^[A-Za-z0-9._:/\-]{1,64}$"
TEXT_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*$"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN), Field(json_schema_extra={"x-kind": "id"})]
"""A name somebody else chose: 1 to 64 characters of ``A-Z a-z 0-9 . _ : / -``."""

Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, pattern=TEXT_PATTERN),
    Field(json_schema_extra={"x-kind": "text"}),
]
"""Words for people: 1 to 500 characters, no control characters."""


def storable(text: str) -> str:
    """Return a sender's text as PostgreSQL stores it: a zero byte, which it refuses, becomes U+FFFD."""
    return text.replace("\0", "\ufffd")


_WRITTEN_DAY = core_schema.chain_schema([
    core_schema.str_schema(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", strict=True),
    core_schema.date_schema(strict=False),
])  # fmt: skip
"""Pydantic alone takes a text of digits for seconds since 1970, whose midnights would pass for days."""

Day = Annotated[
    date,
    GetPydanticSchema(lambda kind, handler: core_schema.json_or_python_schema(_WRITTEN_DAY, handler(kind))),
    WithJsonSchema({"type": "string", "format": "date", "x-kind": "day"}),
    Field(json_schema_extra={"x-kind": "day"}),
]
"""A calendar day in Europe/London, written ``YYYY-MM-DD``."""

PositivePence = Annotated[int, Field(gt=0, lt=MAX_PENCE, json_schema_extra={"x-kind": "pence"})]
"""Whole pence, more than nothing."""

NaturalPence = Annotated[int, Field(ge=0, lt=MAX_PENCE, json_schema_extra={"x-kind": "pence"})]
"""Whole pence, nothing or more."""

SignedPence = Annotated[int, Field(gt=-MAX_PENCE, lt=MAX_PENCE, json_schema_extra={"x-kind": "pence"})]
"""Whole pence, owed positive, owing back negative."""

ShareNumber = Annotated[int, Field(ge=1, lt=10**12, json_schema_extra={"x-kind": "share"})]
"""A numerator or denominator of a share."""
