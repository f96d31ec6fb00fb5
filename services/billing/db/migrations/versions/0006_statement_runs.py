"""Add reviewed statement runs: who looks at statements before they are issued, and what stood when they did."""

from alembic import op

from services.billing.db import run_tables
from shared.db import ddl

revision = "0006"
down_revision = "0005"

_TABLES = (
    run_tables.release_policies, run_tables.statement_runs, run_tables.struck_statements, run_tables.statement_samples,
    run_tables.statement_checks, run_tables.statement_restrikes, run_tables.statement_releases,
)  # fmt: skip


def upgrade() -> None:
    # A new database's statements have it from the first migration on.
    op.execute("alter table billing.statements add column if not exists known_at date")
    op.execute("alter table billing.statements drop constraint if exists ck_statements_reviewed_before")
    op.execute(
        "alter table billing.statements add constraint ck_statements_reviewed_before check (known_at < issued_on)"
    )
    for table in _TABLES:
        table.create(op.get_bind(), checkfirst=False)
    ddl.grant_append_only(*_TABLES)


def downgrade() -> None:
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
    op.execute("alter table billing.statements drop column known_at")
