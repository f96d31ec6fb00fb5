"""Keep disputes for the check at dispatch."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.create_table(
        "disputes",
        sa.Column("dispute_id", sa.Text),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("charge_id", sa.Text, nullable=False),
        sa.Column("book", sa.Date, nullable=False, comment="Billing's book."),
        sa.PrimaryKeyConstraint("dispute_id", name="pk_disputes"),
        schema="notify",
        comment="Disputes as billing said them, ended or not; append-only.",
        if_not_exists=True,
    )
    op.create_index("ix_disputes_account", "disputes", ["account_id"], schema="notify", if_not_exists=True)
    ddl.grant_append_only("notify.disputes")


def downgrade() -> None:
    op.drop_table("disputes", schema="notify")
