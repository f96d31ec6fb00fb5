"""Add write-offs, and let the ledger post them against bad debts."""

from alembic import op

from services.billing.db import tables
from shared.db import ddl

revision = "0003"
down_revision = "0002"

_CHECKS = ("fact_kind_known", "charge_named", "bad_debt_by_write_off")
_BEFORE = {
    "fact_kind_known": "fact_kind in ('charge', 'credit', 'payment', 'reversal')",
    "charge_named": "(fact_kind in ('charge', 'credit')) = (charge_id is not null)",
}


def upgrade() -> None:
    # A new database has the table and the checks from its first migration on.
    tables.write_offs.create(op.get_bind(), checkfirst=True)
    ddl.grant_append_only(tables.write_offs)
    now = {str(check.name): str(check.sqltext) for check in tables.entries.constraints if hasattr(check, "sqltext")}
    _replace({name: now[f"ck_entries_{name}"] for name in _CHECKS})


def downgrade() -> None:
    _replace(_BEFORE)
    tables.write_offs.drop(op.get_bind())


def _replace(checks: dict[str, str]) -> None:
    for name in _CHECKS:
        op.execute(f"alter table billing.entries drop constraint if exists ck_entries_{name}")
        if name in checks:
            op.execute(f"alter table billing.entries add constraint ck_entries_{name} check ({checks[name]})")
