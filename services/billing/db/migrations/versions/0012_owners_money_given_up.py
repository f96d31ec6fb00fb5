"""Let what was given up of floats and reserve funds lower these, not be a bad debt; move what was booked as one."""

from alembic import op

revision = "0012"
down_revision = "0011"

_NAME = "ck_entries_bad_debt_by_write_off"
_BEFORE = "case when fact_kind = 'write-off' then ledger in ('receivable', 'bad-debt') else ledger <> 'bad-debt' end"
_NOW = (
    "case when fact_kind = 'write-off' then ledger in ('receivable', 'bad-debt', 'floats', 'reserve-funds') "
    "else ledger <> 'bad-debt' end"
)
# In the book that is being written: closed ones stay as they are.
_MOVE = """
insert into billing.entries (cause_uid, posting_no, ledger, amount_pence, tax_pence, value_on, book, fact_kind, fact_id,
  charge_id)
select entry.cause_uid, 1000000 + 2 * entry.posting_no + side, case side when 0 then 'bad-debt'
    else case charge.kind when 'float' then 'floats' else 'reserve-funds' end end,
  case side when 0 then -entry.amount_pence else entry.amount_pence end, 0, entry.value_on,
  (select greatest(max(entries.book), (select last_closed + 1 from msg.gate)) from billing.entries), entry.fact_kind,
  entry.fact_id, entry.charge_id
from billing.entries as entry join billing.charges as charge using (charge_id) cross join generate_series(0, 1) as side
where entry.ledger = 'bad-debt' and charge.kind in ('float', 'reserve-fund')
"""


def upgrade() -> None:
    _check(_NOW)
    op.execute(_MOVE)


def downgrade() -> None:
    # What was moved stays: the ledger is never edited.
    _check(_NOW if _has_moved() else _BEFORE)


def _has_moved() -> bool:
    found = op.get_bind().exec_driver_sql(
        "select exists (select from billing.entries where fact_kind = 'write-off'"
        " and ledger in ('floats', 'reserve-funds'))"
    )
    return bool(found.scalar())


def _check(rule: str) -> None:
    op.execute(f"alter table billing.entries drop constraint if exists {_NAME}")
    op.execute(f"alter table billing.entries add constraint {_NAME} check ({rule})")
