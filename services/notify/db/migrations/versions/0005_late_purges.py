"""Let bytes that have come of age be found however late a day is closed, or a letter comes to its end."""

from alembic import op

from shared.db import ddl

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    ddl.find_whole_letters()
    op.execute("alter table notify.messages add column if not exists blanked boolean not null default false")
    op.execute("comment on column notify.messages.blanked is 'Old enough: what it said is gone.'")
    op.execute("create index if not exists ix_messages_whole on notify.messages (created_on) where not blanked")
    op.execute("drop index if exists notify.ix_messages_created")


def downgrade() -> None:
    op.execute("create index ix_messages_created on notify.messages (created_on)")
    op.execute("drop index notify.ix_messages_whole")
    op.execute("alter table notify.messages drop column blanked")
    ddl.find_whole_letters_no_more()
