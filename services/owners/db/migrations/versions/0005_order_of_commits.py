"""Keep when each batch held all its locks: a rebuild follows the order of commits."""

from shared.db import ddl

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    ddl.order_by_commits()


def downgrade() -> None:
    ddl.order_by_commits_no_more()
