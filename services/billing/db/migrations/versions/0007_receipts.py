"""Add disputes, and how they ended."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0007"
down_revision = "0006"

_NAMES = ("disputes", "dispute_ends")


def _command() -> tuple[sa.Column[object], ...]:
    return (sa.Column("command_uid", sa.Uuid, nullable=False), sa.Column("book", sa.Date, nullable=False))


def upgrade() -> None:
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
    ddl.grant_append_only(*(f"billing.{name}" for name in _NAMES))


def downgrade() -> None:
    for name in _NAMES:
        op.drop_table(name, schema="billing")
