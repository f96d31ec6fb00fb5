"""Find the mandates of an account without reading everybody's."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_mandates_account_id", "mandates", ["account_id"], schema="billing")


def downgrade() -> None:
    op.drop_index("ix_mandates_account_id", "mandates", schema="billing")
