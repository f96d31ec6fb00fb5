"""Add the table of commands that need two people, and the chain of the audit."""

from shared.db import ddl

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ddl.create_people_tables()


def downgrade() -> None:
    ddl.drop_people_tables()
