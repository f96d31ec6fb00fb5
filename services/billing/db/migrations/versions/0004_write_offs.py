"""Add write-offs, and let the ledger post them against bad debts."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0004"
down_revision = "0003"

_BEFORE = {
    "fact_kind_known": "fact_kind in ('charge', 'credit', 'payment', 'reversal')",
    "charge_named": "(fact_kind in ('charge', 'credit')) = (charge_id is not null)",
}
_NOW = {
    "fact_kind_known": "fact_kind in ('charge', 'credit', 'payment', 'reversal', 'write-off')",
    "charge_named": "(fact_kind in ('charge', 'credit', 'write-off')) = (charge_id is not null)",
    "bad_debt_by_write_off": (
        "case when fact_kind = 'write-off' then ledger in ('receivable', 'bad-debt') else ledger <> 'bad-debt' end"
    ),
}


def upgrade() -> None:
    op.create_table(
        "write_offs",
        sa.Column("write_off_id", sa.Text),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("charge_id", sa.Text, nullable=False),
        sa.Column("amount_pence", sa.BigInteger, nullable=False),
        sa.Column("written_off_on", sa.Date, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("write_off_id", name="pk_write_offs"),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_write_offs_amount_positive")),
        schema="billing",
        comment="Debts given up by two people; what still stands of each follows from the ledger.",
    )
    op.create_index("ix_write_offs_account_id", "write_offs", ["account_id"], schema="billing")
    ddl.grant_append_only("billing.write_offs")
    _check_entries(_NOW)


def downgrade() -> None:
    _check_entries(_BEFORE)
    op.drop_table("write_offs", schema="billing")


def _check_entries(checks: dict[str, str]) -> None:
    # A new database's entries are checked as today's tables say from the first migration on.
    for name in _NOW:
        op.execute(f"alter table billing.entries drop constraint if exists ck_entries_{name}")
    for name, rule in checks.items():
        op.execute(f"alter table billing.entries add constraint ck_entries_{name} check ({rule})")
