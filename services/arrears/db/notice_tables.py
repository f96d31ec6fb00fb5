"""Arrears' tables of notices of potential liability: what charges are for, each notice, and what happened to it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.arrears.db.schema import metadata

charge_kinds = Table(
    "charge_kinds",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("charge_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "charge_id"),
    comment="What each charge of an account is for, as billing told it; by account, so that no two lanes share a row.",
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("eligible_pence", BigInteger, nullable=False),
    Column("oldest_due_on", Date),
    Column("saw_debt", Boolean, nullable=False),
    Column("form", Text),
    Column("title_number", Text),
    Column("headings", ARRAY(Text), nullable=False),
    Column("approved_on", Date),
    Column("submitted_on", Date),
    Column("registered_on", Date),
    Column("reference", Text),
    Column("renewed_on", Date),
    Column("last_on", Date),
    Column("left_to_expire", Boolean, nullable=False),
    Column("entry_on", Date),
    Column("entry_was_on", Date),
    Column("buyer_liable", Boolean),
    Column("resale_on", Date),
    Column("resale_liable", Boolean),
    Column("consented_on", Date),
    Column("ended_on", Date),
    Column("breach", Boolean, nullable=False),
    Column("seen_to_on", Date),
    Column("renews", Text),
    CheckConstraint("(registered_on is null) = (last_on is null)", name="registered_ends"),
    CheckConstraint(
        "registered_on is not null or state in ('candidate', 'withdrawn', 'approved', 'submitted', 'rejected')",
        name="standing_registered",
    ),
    CheckConstraint(
        "form is not null and title_number is not null and headings <> '{}' or state in ('candidate', 'withdrawn', "
        "'rejected')",
        name="approved_whole",
    ),
    CheckConstraint("not breach or state = 'expired'", name="breach_expired"),
    CheckConstraint("breach or seen_to_on is null", name="seen_to_breach"),
    CheckConstraint("eligible_pence >= 0", name="eligible_natural"),
    Index("ix_notices_account_id", "account_id"),
    Index(
        "uq_notices_under_way",
        "account_id",
        unique=True,
        postgresql_where=text("state in ('candidate', 'approved', 'submitted')"),
    ),
    comment="Each notice as it stands; the unique index lets an account have one at most that is not registered yet.",
)

notice_changes = Table(
    "notice_changes",
    metadata,
    Column("notice_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("change", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("book", Date, nullable=False),
    Column("command_uid", Uuid),
    Column("eligible_pence", BigInteger, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", JSONB, comment="How the notice stood before it, if people did it: what is taken back goes there."),
    PrimaryKeyConstraint("notice_id", "number"),
    comment="What happened to notices, append-only; the event log has the command, if it was one, with who and why.",
)
