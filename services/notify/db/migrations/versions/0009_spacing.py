"""Keep in which book each message was handed over: reminders of one account keep their distance."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # A new database has both from the first migration on, which makes today's tables.
    op.execute("alter table notify.messages add column if not exists handed_in date")
    op.execute("comment on column notify.messages.handed_in is 'The book that was open when it was handed over.'")
    op.execute(
        "create index if not exists ix_messages_reminders on notify.messages (account_id, letter_no) "
        "where template in ('reminder-1', 'reminder-2')"
    )


def downgrade() -> None:
    op.execute("drop index notify.ix_messages_reminders")
    op.execute("alter table notify.messages drop column handed_in")
