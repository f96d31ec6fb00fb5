"""Add disputes and how they ended; mandates of direct debit, and collections: announced, released, passed over."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0007"
down_revision = "0006"

_NAMES = (
    "disputes", "dispute_ends", "mandates", "mandate_ends", "collections", "collection_notices", "collection_releases",
    "collection_skips",
)  # fmt: skip


def _command() -> tuple[sa.Column[object], ...]:
    return (sa.Column("command_uid", sa.Uuid, nullable=False), sa.Column("book", sa.Date, nullable=False))


def upgrade() -> None:
    _add_disputes()
    _add_mandates()
    _add_collections()
    ddl.grant_append_only(*(f"billing.{name}" for name in _NAMES))


def downgrade() -> None:
    for name in _NAMES:
        op.drop_table(name, schema="billing")


def _add_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("dispute_id", sa.Text),
        *_command(),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("charge_id", sa.Text, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.Column("raised_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_disputes"),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_disputes_amount_positive")),
        sa.CheckConstraint("raised_on <= book", name=op.f("ck_disputes_raised_by_then")),
        schema="billing",
        comment="What of an account's charge its owner does not accept, since when.",
    )
    op.create_index("ix_disputes_account_id", "disputes", ["account_id"], schema="billing")
    op.create_table(
        "dispute_ends",
        sa.Column("dispute_id", sa.Text),
        *_command(),
        sa.Column("ended_on", sa.Date, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_dispute_ends"),
        sa.CheckConstraint("outcome in ('upheld', 'rejected')", name=op.f("ck_dispute_ends_outcome_known")),
        schema="billing",
        comment="How and when each dispute ended; one without a row here stands.",
    )


def _add_mandates() -> None:
    op.create_table(
        "mandates",
        sa.Column("mandate_id", sa.Text),
        *_command(),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("set_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("mandate_id", name="pk_mandates"),
        schema="billing",
        comment="Direct debit instructions by the bureau's names for them; no bank details.",
    )
    op.create_table(
        "mandate_ends",
        sa.Column("mandate_id", sa.Text),
        *_command(),
        sa.Column("ended_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("mandate_id", name="pk_mandate_ends"),
        schema="billing",
        comment="Mandates that an officer cancelled; what the bank ended follows from its returns.",
    )


def _add_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("collection_id", sa.Text),
        *_command(),
        sa.Column("collect_on", sa.Date, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", name="pk_collections"),
        sa.CheckConstraint("collect_on > book", name=op.f("ck_collections_announced_before")),
        schema="billing",
        comment="Days of collection that owners were told of.",
    )
    op.create_table(
        "collection_notices",
        sa.Column("collection_id", sa.Text),
        sa.Column("account_id", sa.Uuid),
        sa.Column("mandate_id", sa.Text, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "account_id", name="pk_collection_notices"),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_collection_notices_amount_positive")),
        schema="billing",
        comment="What each owner was told would be taken.",
    )
    op.create_index("ix_collection_notices_account_id", "collection_notices", ["account_id"], schema="billing")
    op.create_table(
        "collection_releases",
        sa.Column("collection_id", sa.Text),
        *_command(),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", name="pk_collection_releases"),
        schema="billing",
        comment="Collections whose file two people released, and its hash.",
    )
    op.create_table(
        "collection_skips",
        sa.Column("collection_id", sa.Text),
        sa.Column("account_id", sa.Uuid),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "account_id", name="pk_collection_skips"),
        sa.CheckConstraint("why in ('mandate-ended', 'owes-less')", name=op.f("ck_collection_skips_why_known")),
        schema="billing",
        comment="Who was told and is not collected from; everybody else of a released collection is.",
    )
