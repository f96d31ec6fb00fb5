"""Rows of the audit say from which address a request came."""

from shared.db import ddl

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    ddl.say_from_where()


def downgrade() -> None:
    """Leave the audit as it is: without what its rows say the chain would not hold."""
