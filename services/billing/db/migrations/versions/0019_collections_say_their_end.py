"""Note of which collections arrears is told how they end: of those announced from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column(
        "collections",
        sa.Column("says_end", sa.Boolean, nullable=False, server_default="false"),
        schema="billing",
    )


def downgrade() -> None:
    op.drop_column("collections", "says_end", schema="billing")
