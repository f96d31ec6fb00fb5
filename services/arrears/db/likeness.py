"""What a rebuild of arrears' database must equal: accounts, decisions, holds, plans, all of it."""

from shared.rebuild.likeness import whole

COMPARED = (
    whole("accounts and stages", "arrears.accounts", "coalesce(account_ref, account_id)"),
    whole("decisions", "arrears.decisions", "account_id || ' ' || day"),
    whole("holds", "arrears.holds", "hold_id"),
    whole("plans", "arrears.plans", "plan_id"),
    whole("changes of plans", "arrears.plan_changes", "plan_id || ' ' || change"),
    whole("payments", "arrears.payments", "account_id || ' ' || payment_id"),
    whole("collections", "arrears.collections", "account_id || ' ' || collection_id"),
    whole("kinds of charges", "arrears.charge_kinds", "account_id || ' ' || charge_id"),
    whole("notices", "arrears.notices", "notice_id"),
    # How one stood before: a rebuild knows it also of changes from before that was kept.
    whole("changes of notices", "arrears.notice_changes", "notice_id || ' ' || number", "before"),
    whole("ownership lines", "arrears.unit_lines", "unit_id"),
)
