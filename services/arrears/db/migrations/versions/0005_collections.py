"""Keep what direct debits were announced to take."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.create_table(
        "collections",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("collection_id", sa.Text, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("collect_on", sa.Date),
        sa.Column("settled_by", sa.Date),
        sa.Column("is_over", sa.Boolean, nullable=False, server_default="false"),
        sa.PrimaryKeyConstraint("account_id", "collection_id", name="pk_collections"),
        schema="arrears",
        if_not_exists=True,
    )
    ddl.grant("arrears.collections", "select, insert, update")


def downgrade() -> None:
    op.drop_table("collections", schema="arrears")
