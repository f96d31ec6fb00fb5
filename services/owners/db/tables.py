"""The service's tables: what it was told of units, shares, ownership and contacts, and what it last said of them.

Changes of owner and statements about contacts are kept for ever; the service's role may not change or remove them.
``content`` holds an event's data as it came: personal data live in ``changes``, ``contact_statements`` and ``contacts``
only, and erasure blanks all three (``owners.blank_contact`` and ``blank_forwarding``, the only functions that may).
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from shared.db.base import INSTANT, JSON, SHA, metadata_for

metadata = metadata_for("owners")


def _told() -> tuple[Column[object], ...]:
    """Return the event a fact came with, which decides what is newest, and the book in which it was learnt."""
    return (
        Column("told_at", INSTANT, nullable=False),
        Column("event_id", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("book", Date, nullable=False),
    )


units = Table(
    "units",
    metadata,
    Column("unit_id", Text, primary_key=True),
    *_told(),
    Column("content", JSON, nullable=False),
    comment="Units in management: the newest registration of each, whole.",
)

share_versions = Table(
    "share_versions",
    metadata,
    Column("share_set_id", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    *_told(),
    Column("is_complete", Boolean, nullable=False),
    Column("content", JSON, nullable=False),
    PrimaryKeyConstraint("share_set_id", "effective_from"),
    comment="Share sets from each effective day on: the newest publication of a day.",
)

changes = Table(
    "changes",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("unit_id", Text, ForeignKey(units.c.unit_id), nullable=False),
    Column("corrects", Text),
    Column("cancels", Text),
    *_told(),
    Column("sha", SHA, CheckConstraint("octet_length(sha) = 32", "sha"), nullable=False),
    Column("content", JSON, nullable=False),
    # load_history: the changes of a unit.  And the target of the keys below, which keep corrections within a unit.
    UniqueConstraint("unit_id", "change_id"),
    ForeignKeyConstraint(["unit_id", "corrects"], ["owners.changes.unit_id", "owners.changes.change_id"]),
    ForeignKeyConstraint(["unit_id", "cancels"], ["owners.changes.unit_id", "owners.changes.change_id"]),
    CheckConstraint("corrects is null or cancels is null", "corrects_or_cancels"),
    CheckConstraint("change_id <> coalesce(corrects, cancels, '')", "names_another"),
    comment="Every accepted change of owner, correction and cancellation; append-only.",
)

lines = Table(
    "lines",
    metadata,
    Column("unit_id", Text, ForeignKey(units.c.unit_id), nullable=False),
    Column("version", Integer, CheckConstraint("version > 0", "version"), nullable=False),
    Column("book", Date, nullable=False),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("unit_id", "version"),
    comment="Every version of a unit's ownership line as it was said; the greatest holds; append-only.",
)

contact_statements = Table(
    "contact_statements",
    metadata,
    Column("party_id", Text, nullable=False),
    Column("event_uid", Uuid, nullable=False),
    *_told(),
    Column("fields", JSON, nullable=False, comment="The fields the event named; null removes."),
    PrimaryKeyConstraint("party_id", "event_uid"),
    comment="Everything ever said about how to reach a party; append-only.",
)

contacts = Table(
    "contacts",
    metadata,
    Column("kind", Text, CheckConstraint("kind in ('party', 'billing-contact')", "kind"), nullable=False),
    Column("contact_id", Text, nullable=False, comment="A party, or the ownership of a billing contact."),
    Column("content", JSON, nullable=False),
    PrimaryKeyConstraint("kind", "contact_id"),
    comment="What was last said of each contact.",
)

erasures = Table(
    "erasures",
    metadata,
    Column("kind", Text, CheckConstraint("kind in ('party', 'billing-contact')", "kind"), nullable=False),
    Column("contact_id", Text, nullable=False, comment="A party, or the ownership of a billing contact."),
    Column("book", Date, nullable=False),
    PrimaryKeyConstraint("kind", "contact_id"),
    comment="Whose contact was erased: nothing that is said of such a party is kept; append-only.",
)
