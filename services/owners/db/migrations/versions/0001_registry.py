"""Make the owners service's tables; what was told and what was said is only added to."""

from services.owners.db import tables
from shared.db import ddl

revision = "0001"
down_revision = None

_APPEND_ONLY = (tables.changes, tables.lines, tables.contact_statements)
_KEPT = (tables.units, tables.share_versions, tables.contacts)


def upgrade() -> None:
    ddl.create_bus_tables()
    ddl.create_tables(tables.metadata, [*_APPEND_ONLY, *_KEPT])
    ddl.grant_append_only(*_APPEND_ONLY)
    for table in _KEPT:
        ddl.grant(table, "select, insert, update")


def downgrade() -> None:
    ddl.drop_tables(tables.metadata, [*_APPEND_ONLY, *_KEPT])
    ddl.drop_bus_tables()
