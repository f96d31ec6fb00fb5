"""Note whose invoice a charge passes on: the same one may be raised twice under two names."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    # A new database has both from the first migration on, which makes today's tables.
    for column in ("supplier", "invoice_number"):
        op.execute(f"alter table billing.charges add column if not exists {column} text")


def downgrade() -> None:
    for column in ("supplier", "invoice_number"):
        op.execute(f"alter table billing.charges drop column {column}")
