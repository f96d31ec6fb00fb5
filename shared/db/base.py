"""What every table of Closebook is declared with: one naming convention and a few column types with their meaning."""

from sqlalchemy import BigInteger, DateTime, MetaData
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.types import TypeEngine

_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

PENCE: TypeEngine[int] = BigInteger()
"""Whole pence."""

INSTANT = DateTime(timezone=True)
"""A moment, aware, UTC on the wire."""

SHA = BYTEA()
"""A SHA-256 digest or other bytes kept as they came."""

JSON = JSONB()
"""Structured facts that no rule queries.  The raw driver of a session hands it back parsed and takes it as text."""


def metadata_for(schema: str) -> MetaData:
    """Return the metadata of one schema: constraint names are derived, so migrations and code agree on them."""
    return MetaData(schema=schema, naming_convention=_NAMES)
