"""Keep repayment plans and every change of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.db import ddl

revision = "0006"
down_revision = "0005"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    # A new database has them from the first migration on, which makes today's tables.
    op.create_table(
        "plans",
        *_text("plan_id", "account_id"),
        sa.Column("agreed_on", sa.Date, nullable=False),
        *_text("frequency"),
        sa.Column("instalments", sa.Integer, nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        *_text("method", "affordability_ref"),
        sa.Column("current_charges", sa.Boolean, nullable=False),
        sa.Column("debts", JSONB, nullable=False),
        *_text("state"),
        sa.Column("state_on", sa.Date, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("missed", JSONB, nullable=False),
        sa.Column("warned_of", JSONB, nullable=False),
        sa.Column("catch_up_by", sa.Date),
        *_text("reason"),
        sa.Column("is_followed", sa.Boolean, nullable=False),
        sa.Column("next_check_on", sa.Date),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
        schema="arrears",
        if_not_exists=True,
    )
    op.create_table(
        "plan_changes",
        *_text("plan_id"),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("changed_on", sa.Date, nullable=False),
        *_text("state"),
        sa.Column("paid_pence", sa.BigInteger, nullable=False),
        sa.Column("due_pence", sa.BigInteger, nullable=False),
        sa.Column("current_pence", sa.BigInteger, nullable=False),
        sa.Column("catch_up_by", sa.Date),
        *_text("reason"),
        sa.PrimaryKeyConstraint("plan_id", "change", name="pk_plan_changes"),
        schema="arrears",
        if_not_exists=True,
    )
    _index()
    ddl.grant("arrears.plans", "select, insert, update")
    ddl.grant("arrears.plan_changes", "select, insert")


def _index() -> None:
    op.execute(
        "create unique index if not exists uq_plans_account_id_standing on arrears.plans (account_id) "
        "where state in ('agreed', 'warned')"
    )
    op.execute("create index if not exists ix_plans_account_id on arrears.plans (account_id)")
    op.execute("create index if not exists ix_plans_followed on arrears.plans (plan_id) where is_followed")


def downgrade() -> None:
    op.drop_table("plan_changes", schema="arrears")
    op.drop_table("plans", schema="arrears")
