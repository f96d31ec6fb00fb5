"""Note when owners decided on a work: a policy may ask who owned then."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute("alter table billing.charges add column if not exists decided_on date")


def downgrade() -> None:
    op.drop_column("charges", "decided_on", schema="billing")
