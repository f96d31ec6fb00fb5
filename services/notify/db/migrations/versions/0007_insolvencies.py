"""Keep when a hold started: an insolvency freezes the debt due by its day, and no other."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute("alter table notify.holds add column if not exists started_on date")
    op.execute(
        "comment on column notify.holds.started_on is 'Not kept of holds that were heard of before this column was.'"
    )


def downgrade() -> None:
    op.execute("alter table notify.holds drop column started_on")
