"""Keep how each notice of potential liability stands for the check at dispatch."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Text),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("registered_on", sa.Date),
        sa.Column("renewed_on", sa.Date),
        sa.Column("reference", sa.Text),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notices"),
        schema="notify",
        comment="Each notice of potential liability as arrears said it last.",
        if_not_exists=True,
    )
    ddl.grant("notify.notices", "select, insert, update")


def downgrade() -> None:
    op.drop_table("notices", schema="notify")
