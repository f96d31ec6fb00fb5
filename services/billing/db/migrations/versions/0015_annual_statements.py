"""Add annual statements: the years that were asked for, and what each account was told once."""

from alembic import op

from services.billing.db import annual_tables
from shared.db import ddl

revision = "0015"
down_revision = "0014"

_TABLES = (annual_tables.annual_requests, annual_tables.annual_statements)


def upgrade() -> None:
    for table in _TABLES:
        table.create(op.get_bind(), checkfirst=False)
    ddl.grant_append_only(*_TABLES)
    op.execute(f"grant update (issued_on) on billing.annual_requests to {ddl.app_role()}")


def downgrade() -> None:
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
