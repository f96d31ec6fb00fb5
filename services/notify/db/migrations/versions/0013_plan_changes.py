"""Keep the changes of repayment plans: a statement shows the plan that stands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import ddl

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.create_table(
        "plan_changes",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("change", sa.Integer, nullable=False, comment="Which change of the plan, from 1."),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("book", sa.Date, nullable=False, comment="Arrears' book."),
        sa.Column("told", JSONB, nullable=False, comment="The data of the event."),
        sa.PrimaryKeyConstraint("plan_id", "change", name="pk_plan_changes"),
        schema="notify",
        comment="Changes of repayment plans as arrears said them, those without a letter, too; append-only.",
        if_not_exists=True,
    )
    op.create_index("ix_plan_changes_account", "plan_changes", ["account_id"], schema="notify", if_not_exists=True)
    ddl.grant_append_only("notify.plan_changes")


def downgrade() -> None:
    op.drop_table("plan_changes", schema="notify")
