"""Keep what annual statements say of reserve funds."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "annual_funds",
        sa.Column("year", sa.Integer),
        sa.Column("issued_on", sa.Date),
        sa.Column("fund_id", sa.Text),
        sa.Column("left_pence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("year", "issued_on", "fund_id", name="pk_annual_funds"),
        schema="billing",
        comment="What each reserve fund held at a year's end, as the annual statements issued on a day say it.",
    )
    ddl.grant_append_only("billing.annual_funds")


def downgrade() -> None:
    op.drop_table("annual_funds", schema="billing")
