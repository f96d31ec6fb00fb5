"""Note with each dispute what had been credited of its charge by then; of older ones: in earlier books."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "disputes",
        sa.Column("credited_pence", sa.BigInteger, nullable=False, server_default="0"),
        schema="billing",
    )
    op.execute("""
        update billing.disputes as it set credited_pence = (
          select coalesce(-sum(entry.amount_pence), 0) from billing.entries as entry
          where entry.account_id = it.account_id and entry.charge_id = it.charge_id and entry.fact_kind = 'credit'
            and entry.book < it.book)
    """)


def downgrade() -> None:
    op.drop_column("disputes", "credited_pence", schema="billing")
