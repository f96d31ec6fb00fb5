"""Keep what is open of each account for the check at dispatch."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import ddl

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.create_table(
        "open_items",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("book", sa.Date, nullable=False, comment="Billing's book."),
        sa.Column("items", JSONB, nullable=False, comment="Charge, due day and what may be chased, of each item."),
        sa.PrimaryKeyConstraint("account_id", "book", name="pk_open_items"),
        schema="notify",
        comment="What was open of an account when billing told last in each of its books.",
        if_not_exists=True,
    )
    ddl.grant("notify.open_items", "select, insert, update")


def downgrade() -> None:
    op.drop_table("open_items", schema="notify")
