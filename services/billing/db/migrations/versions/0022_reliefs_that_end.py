"""Let reliefs end."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "fee_relief_ends",
        sa.Column("relief_id", sa.Text),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("relief_id", name="pk_fee_relief_ends"),
        schema="billing",
        comment="The last day of a relief that people ended before its proof did.",
    )
    ddl.grant_append_only("billing.fee_relief_ends")


def downgrade() -> None:
    op.drop_table("fee_relief_ends", schema="billing")
