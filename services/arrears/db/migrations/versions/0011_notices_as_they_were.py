"""Changes of notices that people made say how the notice stood before them, so that they can be taken back."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # A new database has it from the migration on that makes today's tables.
    op.execute("alter table arrears.notice_changes add column if not exists before jsonb")
    op.execute(
        "comment on column arrears.notice_changes.before is"
        " 'How the notice stood before it, if people did it: what is taken back goes there.'"
    )


def downgrade() -> None:
    op.execute("alter table arrears.notice_changes drop column before")
