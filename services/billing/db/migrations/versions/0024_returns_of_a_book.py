"""Find the returns of a day's book without reading the ledger."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute(
        "create index if not exists ix_entries_returned on billing.entries (book)"
        " where fact_kind = 'reversal' and account_id is not null"
    )


def downgrade() -> None:
    op.execute("drop index billing.ix_entries_returned")
