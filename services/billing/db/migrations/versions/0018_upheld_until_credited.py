"""Note of each dispute that is upheld that it awaits its credit (older ones let go at once); it may be rejected yet."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column(
        "dispute_ends",
        sa.Column("awaits_credit", sa.Boolean, nullable=False, server_default="false"),
        schema="billing",
    )
    op.create_check_constraint(
        op.f("ck_dispute_ends_upheld_awaits"), "dispute_ends", "outcome = 'upheld' or not awaits_credit",
        schema="billing",
    )  # fmt: skip

    _key("dispute_id", "outcome")


def downgrade() -> None:
    op.execute("""
        delete from billing.dispute_ends as upheld using billing.dispute_ends as rejected
        where upheld.dispute_id = rejected.dispute_id and upheld.outcome = 'upheld' and rejected.outcome = 'rejected'
    """)
    _key("dispute_id")
    op.drop_column("dispute_ends", "awaits_credit", schema="billing")


def _key(*columns: str) -> None:
    op.drop_constraint("pk_dispute_ends", "dispute_ends", schema="billing", type_="primary")
    op.create_primary_key("pk_dispute_ends", "dispute_ends", list(columns), schema="billing")
