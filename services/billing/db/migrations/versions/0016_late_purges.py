"""Let bytes that have come of age be found however late a day is closed."""

from shared.db import ddl

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    ddl.find_whole_letters()


def downgrade() -> None:
    ddl.find_whole_letters_no_more()
