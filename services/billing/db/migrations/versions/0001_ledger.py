"""Make billing's tables: facts, registry, accounts and the append-only ledger whose causes balance."""

from alembic import op

from services.billing.db import tables
from shared.db import ddl

revision = "0001"
down_revision = None

_CAUSES_BALANCE = """
create function billing.refuse_unbalanced() returns trigger language plpgsql as $$
declare
  unbalanced uuid;
begin
  select cause_uid into unbalanced from posted group by cause_uid having sum(amount_pence) <> 0 limit 1;
  if found then
    raise exception 'the postings of cause % do not sum to zero', unbalanced using errcode = 'check_violation';
  end if;
  return null;
end $$
"""
_ON_INSERT = """
create trigger causes_balance after insert on billing.entries
referencing new table as posted for each statement execute function billing.refuse_unbalanced()
"""
_NEVER = """
create function billing.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'table % is only added to', tg_table_name using errcode = 'insufficient_privilege';
end $$
"""
_APPEND_ONLY = (
    tables.lines, tables.charges, tables.credits_, tables.reversals, tables.payment_refs, tables.causes, tables.entries,
    tables.statements,
)  # fmt: skip
_KEPT = (tables.units, tables.share_versions)
_TABLES = [*_APPEND_ONLY, *_KEPT, tables.charge_parts, tables.payments, tables.accounts]


def upgrade() -> None:
    ddl.create_bus_tables()
    ddl.create_tables(tables.metadata, _TABLES)
    op.execute(_CAUSES_BALANCE)
    op.execute(_ON_INSERT)
    op.execute(_NEVER)
    for table in (tables.entries, tables.statements):
        op.execute(
            f"create trigger only_added_to before update or delete or truncate on {table.fullname}"
            " for each statement execute function billing.refuse_change()"
        )
    ddl.grant_append_only(*_APPEND_ONLY)
    for table in _KEPT:
        ddl.grant(table, "select, insert, update")
    ddl.grant_all(tables.charge_parts)
    ddl.grant(tables.payments, "select, insert")
    op.execute(f"grant update (account_id) on billing.payments to {ddl.app_role()}")
    ddl.grant(tables.accounts, "select, insert")
    op.execute(f"grant update (closed_on, items_said) on billing.accounts to {ddl.app_role()}")


def downgrade() -> None:
    op.execute("drop function billing.refuse_unbalanced(), billing.refuse_change() cascade")
    ddl.drop_tables(tables.metadata, _TABLES)
    ddl.drop_bus_tables()
