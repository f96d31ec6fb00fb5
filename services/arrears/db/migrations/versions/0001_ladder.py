"""Make arrears' tables; decisions are only added to."""

from services.arrears.db import tables
from shared.db import ddl

revision = "0001"
down_revision = None

_KEPT = (tables.accounts, tables.payments, tables.holds, tables.unit_lines)


def upgrade() -> None:
    ddl.create_bus_tables()
    ddl.create_tables(tables.metadata)
    ddl.grant_append_only(tables.decisions)
    for table in _KEPT:
        ddl.grant(table, "select, insert, update")


def downgrade() -> None:
    ddl.drop_tables(tables.metadata)
    ddl.drop_bus_tables()
