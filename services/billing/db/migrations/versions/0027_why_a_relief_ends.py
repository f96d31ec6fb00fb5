"""Keep why a relief ends, for the letter of its day."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("alter table billing.fee_relief_ends add column if not exists why text")


def downgrade() -> None:
    op.execute("alter table billing.fee_relief_ends drop column why")
