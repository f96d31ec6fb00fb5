"""Keep the oldest due day of an account's open items beside what was said of them; unknown until they next change."""

from alembic import op

from shared.db import ddl

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute("alter table billing.accounts add column if not exists open_since date")
    op.execute(f"grant update (open_since) on billing.accounts to {ddl.app_role()}")


def downgrade() -> None:
    op.drop_column("accounts", "open_since", schema="billing")
