"""Find the units whose management ends."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # A new database has it from the first migration on, which makes today's tables.
    op.execute(
        "create index if not exists ix_units_managed_to on billing.units (managed_to) where managed_to is not null"
    )


def downgrade() -> None:
    op.execute("drop index billing.ix_units_managed_to")
