"""Note in which book a unit's registration was learnt; of those before this day's work it counts as just learnt."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("alter table billing.units add column if not exists book date")
    op.execute("update billing.units set book = (select max(own_book) from msg.inbox)")
    op.execute("create index if not exists ix_units_book on billing.units (book)")


def downgrade() -> None:
    op.execute("alter table billing.units drop column book")
