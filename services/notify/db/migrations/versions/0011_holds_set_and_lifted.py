"""Keep in which book a hold was set: one set and lifted while a letter waited gives days of grace all the same."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # A new database has both from the first migration on, which makes today's tables.
    op.execute("alter table notify.holds add column if not exists set_in date")
    op.execute(
        "comment on column notify.holds.set_in is "
        "'Arrears'' book; not kept of holds that were heard of before this column was.'"
    )
    op.execute("drop index notify.ix_holds_account")
    op.execute("create index ix_holds_account on notify.holds (account_id)")


def downgrade() -> None:
    op.execute("drop index notify.ix_holds_account")
    op.execute("create index ix_holds_account on notify.holds (account_id) where ended_on is null")
    op.execute("alter table notify.holds drop column set_in")
