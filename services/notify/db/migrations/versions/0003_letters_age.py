"""Let letters that have come of age be found by the day they were written."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("create index if not exists ix_messages_created on notify.messages (created_on)")
    op.execute(
        "comment on column notify.contents.body is "
        "'The exact bytes sent or printed; blank after erasure and after three years.'"
    )


def downgrade() -> None:
    op.execute("drop index notify.ix_messages_created")
