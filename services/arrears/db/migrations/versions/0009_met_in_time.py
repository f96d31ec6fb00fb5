"""Keep of each missed instalment how much money would show it as met in time; of those found before nobody knows."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute("alter table arrears.plans add column if not exists met_from jsonb default '{}'::jsonb not null")


def downgrade() -> None:
    op.execute("alter table arrears.plans drop column met_from")
