"""Note which collections are weighed against others by their days: those announced from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column(
        "collections",
        sa.Column("by_days", sa.Boolean, nullable=False, server_default="false"),
        schema="billing",
    )


def downgrade() -> None:
    op.drop_column("collections", "by_days", schema="billing")
