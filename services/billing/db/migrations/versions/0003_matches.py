"""Add what people say about whose money a payment is."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "matches",
        sa.Column("payment_id", sa.Text),
        sa.Column("match_no", sa.Integer),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("account_ids", sa.ARRAY(sa.Uuid), nullable=False),
        sa.Column("pence", sa.ARRAY(sa.BigInteger), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "match_no", name="pk_matches"),
        sa.UniqueConstraint("command_uid", name="uq_matches_command_uid"),
        sa.CheckConstraint("cardinality(account_ids) = cardinality(pence)", name=op.f("ck_matches_pence_for_each")),
        sa.CheckConstraint("0 < all (pence)", name=op.f("ck_matches_pence_positive")),
        schema="billing",
        comment="What people said about whose money a payment is; the last word holds.",
    )
    ddl.grant_append_only("billing.matches")


def downgrade() -> None:
    op.drop_table("matches", schema="billing")
