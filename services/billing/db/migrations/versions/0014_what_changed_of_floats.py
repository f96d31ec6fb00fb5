"""Find what changed since the day before, so that a day looks at few floats and lines and not at all."""

from alembic import op

revision = "0014"
down_revision = "0013"

_INDEXES = {
    "ix_lines_book": "lines (book)",
    "ix_lines_last_from": "lines (last_from)",
    "ix_units_managed_from": "units (managed_from)",
    "ix_accounts_closed_on": "accounts (closed_on) where closed_on is not null",
    "ix_charges_floats_book": "charges (book) where kind = 'float'",
}


def upgrade() -> None:
    # A new database has all of it from the first migration on, which makes today's tables.
    op.execute("alter table billing.lines add column if not exists last_from date")
    op.execute(
        "update billing.lines set last_from ="
        " (select max((stay ->> 1)::date) from jsonb_array_elements(stays::jsonb) as stay)"
    )
    for name, on in _INDEXES.items():
        op.execute(f"create index if not exists {name} on billing.{on}")


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f"drop index billing.{name}")
    op.execute("alter table billing.lines drop column last_from")
