"""Notices say when a breach was seen to."""

from alembic import op

revision = "0010"
down_revision = "0009"

_RULE = "ck_notices_seen_to_breach"


def upgrade() -> None:
    # A new database has it from the migration on that makes today's tables.
    op.execute("alter table arrears.notices add column if not exists seen_to_on date")
    op.execute(f"alter table arrears.notices drop constraint if exists {_RULE}")
    op.execute(f"alter table arrears.notices add constraint {_RULE} check (breach or seen_to_on is null)")


def downgrade() -> None:
    op.execute("alter table arrears.notices drop column seen_to_on")
