"""Add the terms of floats, spendings of reserve funds, costs of factoring, and letters of increases."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0008"
down_revision = "0007"

_NAMES = ("float_terms", "fund_spendings", "tracked_costs", "fee_letters")
_BEFORE = {"fact_kind_known": "fact_kind in ('charge', 'credit', 'payment', 'reversal', 'write-off')"}
_NOW = {
    "fact_kind_known": "fact_kind in ('charge', 'credit', 'payment', 'reversal', 'write-off', 'fund-spending')",
    "spending_from_fund_and_bank": "fact_kind <> 'fund-spending' or ledger in ('reserve-funds', 'bank')",
}


def upgrade() -> None:
    op.create_table(
        "float_terms",
        sa.Column("scope", sa.Text),
        sa.Column("scope_id", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", "version", name="pk_float_terms"),
        sa.CheckConstraint("amount_pence >= 0", name=op.f("ck_float_terms_amount_natural")),
        sa.CheckConstraint("scope in ('unit', 'block', 'development')", name=op.f("ck_float_terms_scope_known")),
        schema="billing",
        comment="What owners who come to a unit, block or development are asked as a float, every version.",
    )
    # A new database has the index from the first migration on, which makes today's tables.
    op.create_index(
        "ix_charges_floats", "charges", ["unit_id"], schema="billing", postgresql_where=sa.text("kind = 'float'"),
        if_not_exists=True,
    )  # fmt: skip
    op.create_table(
        "fund_spendings",
        sa.Column("spending_id", sa.Text),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("fund_id", sa.Text, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.Column("spent_on", sa.Date, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("spending_id", name="pk_fund_spendings"),
        sa.CheckConstraint("amount_pence <> 0", name=op.f("ck_fund_spendings_amount_not_nothing")),
        schema="billing",
        comment="What a block's reserve fund paid for, and (negative) what came back to it.",
    )
    op.create_index("ix_fund_spendings_fund_id", "fund_spendings", ["fund_id"], schema="billing")
    op.create_table(
        "tracked_costs",
        sa.Column("command_uid", sa.Uuid),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("incurred_on", sa.Date, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("command_uid", name="pk_tracked_costs"),
        sa.CheckConstraint("amount_pence <> 0", name=op.f("ck_tracked_costs_amount_not_nothing")),
        schema="billing",
        comment="What factoring cost, as officers recorded it; negative pence correct.",
    )
    op.create_table(
        "fee_letters",
        sa.Column("schedule_id", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("letters", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "version", name="pk_fee_letters"),
        schema="billing",
        comment="The dearer versions that owners were written to about, once each, and how many letters that makes.",
    )
    ddl.grant_append_only(*(f"billing.{name}" for name in _NAMES))
    _check_entries(_NOW)


def downgrade() -> None:
    _check_entries(_BEFORE)
    op.drop_index("ix_charges_floats", "charges", schema="billing")
    for name in _NAMES:
        op.drop_table(name, schema="billing")


def _check_entries(checks: dict[str, str]) -> None:
    # A new database's entries are checked as today's tables say from the first migration on.
    for name in _NOW:
        op.execute(f"alter table billing.entries drop constraint if exists ck_entries_{name}")
    for name, rule in checks.items():
        op.execute(f"alter table billing.entries add constraint ck_entries_{name} check ({rule})")
