"""Make notify's tables; what was learnt of money and who read what is only added to."""

from alembic import op

from services.notify.db import tables
from shared.db import ddl

revision = "0001"
down_revision = None

_APPEND_ONLY = (tables.receipts, tables.content_reads)
_KEPT = (
    tables.contacts,
    tables.units,
    tables.ownerships,
    tables.accounts,
    tables.holds,
    tables.letters,
    tables.messages,
    tables.contents,
)


def upgrade() -> None:
    ddl.create_bus_tables()
    ddl.create_tables(tables.metadata)
    # PDFs are compressed already: trying again costs time and saves nothing.
    op.execute("alter table notify.contents alter column body set storage external")
    ddl.grant_append_only(*_APPEND_ONLY)
    for table in _KEPT:
        ddl.grant(table, "select, insert, update")


def downgrade() -> None:
    ddl.drop_tables(tables.metadata)
    ddl.drop_bus_tables()
