"""Keep when each batch held all its locks: a rebuild follows the order of commits."""

from shared.db import ddl

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    ddl.order_by_commits()


def downgrade() -> None:
    ddl.order_by_commits_no_more()
