"""Keep notices of potential liability, what each charge is for, and what of an account is written off."""

from alembic import op

from services.arrears.db import notice_tables
from shared.db import ddl

revision = "0007"
down_revision = "0006"

_KEPT = (notice_tables.charge_kinds, notice_tables.notices)
_TABLES = (*_KEPT, notice_tables.notice_changes)


def upgrade() -> None:
    # A new database has it all from the first migration on, which makes today's tables.
    for table in _TABLES:
        table.create(op.get_bind(), checkfirst=True)
    for kept in _KEPT:
        ddl.grant(kept, "select, insert, update")
    ddl.grant_append_only(notice_tables.notice_changes)
    op.execute("alter table arrears.accounts add column if not exists written_off_pence bigint default 0 not null")
    op.execute("create index if not exists ix_accounts_unit_id on arrears.accounts (unit_id)")


def downgrade() -> None:
    op.execute("drop index arrears.ix_accounts_unit_id")
    op.execute("alter table arrears.accounts drop column written_off_pence")
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
