"""Keep where the owners of an ownership that has ended went: their paper goes there."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute("alter table notify.contacts add column if not exists forwarding jsonb")


def downgrade() -> None:
    op.execute("alter table notify.contacts drop column forwarding")
