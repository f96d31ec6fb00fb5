"""Keep which owners were told that they carry a share which cannot be recovered."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "share_notices",
        sa.Column("charge_id", sa.Text),
        sa.Column("account_id", sa.Uuid),
        sa.Column("book", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("charge_id", "account_id", name="pk_share_notices"),
        schema="billing",
        comment="Which owners were told of which charge for a share that another cannot be made to pay, once each.",
    )
    ddl.grant_append_only("billing.share_notices")


def downgrade() -> None:
    op.drop_table("share_notices", schema="billing")
