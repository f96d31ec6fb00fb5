"""Notices say when the property was sold on, and whether they bind that buyer."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # A new database has it from the migration on that makes today's tables.
    op.execute("alter table arrears.notices add column if not exists resale_on date")
    op.execute("alter table arrears.notices add column if not exists resale_liable boolean")


def downgrade() -> None:
    op.execute("alter table arrears.notices drop column resale_liable, drop column resale_on")
