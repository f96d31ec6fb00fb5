"""What a rebuild of billing's database must equal: balances first, then every row they come from."""

from shared.rebuild.likeness import Compared, whole

COMPARED = (
    Compared(
        "balances",
        "select account.account_ref as key, jsonb_build_object('balance_pence', coalesce(sum(entry.amount_pence), 0)) "
        "as row from billing.accounts as account left join billing.entries as entry using (account_id) "
        "group by account.account_ref",
    ),
    # Of accounts whose items did not change since it was noted, the oldest due day is not known.
    whole("accounts", "billing.accounts", "account_ref", "open_since"),
    whole("statements", "billing.statements", "statement_no"),
    whole("ledger entries", "billing.entries", "cause_uid || ' ' || posting_no"),
    whole("causes", "billing.causes", "cause_uid::text"),
    # Of charges that were there before it was noted, the invoice is not known.
    whole("charges", "billing.charges", "charge_id", "supplier", "invoice_number"),
    whole("credits", "billing.credits", "credit_id"),
    whole("shares of charges", "billing.charge_parts", "charge_id || ' ' || part_no"),
    whole("payments", "billing.payments", "payment_id"),
    whole("matches by people", "billing.matches", "payment_id || ' ' || match_no"),
    whole("references of payments", "billing.payment_refs", "account_ref || ' ' || payment_id"),
    whole("reversals", "billing.reversals", "reversal_id"),
    whole("schedules", "billing.schedules", "schedule_id || ' ' || version"),
    whole("notices of fees", "billing.fee_notices", "schedule_id || ' ' || version || ' ' || notified_on"),
    whole("letters of fees", "billing.fee_letters", "schedule_id || ' ' || version"),
    whole("reliefs of fees", "billing.fee_reliefs", "relief_id"),
    whole("ends of reliefs", "billing.fee_relief_ends", "relief_id"),
    whole("how statements are released", "billing.release_policies", "policy_no::text"),
    whole("statement runs", "billing.statement_runs", "quarter || ' ' || run_no"),
    whole("statements as struck", "billing.struck_statements", "run_id || ' ' || account_ref"),
    whole("samples of runs", "billing.statement_samples", "run_id || ' ' || account_ref"),
    whole("checks of samples", "billing.statement_checks", "run_id || ' ' || account_id || ' ' || check_no"),
    whole("runs asked for anew", "billing.statement_restrikes", "quarter || ' ' || book"),
    whole("releases of runs", "billing.statement_releases", "quarter"),
    whole("annual statements asked for", "billing.annual_requests", "command_uid::text"),
    whole("annual statements", "billing.annual_statements", "account_id || ' ' || year"),
    whole("funds in annual statements", "billing.annual_funds", "year || ' ' || issued_on || ' ' || fund_id"),
    whole("terms of floats", "billing.float_terms", "scope || ' ' || scope_id || ' ' || version"),
    whole("spendings of reserve funds", "billing.fund_spendings", "spending_id"),
    whole("costs of factoring", "billing.tracked_costs", "command_uid::text"),
    whole("disputes", "billing.disputes", "dispute_id"),
    whole("ends of disputes", "billing.dispute_ends", "dispute_id || ' ' || outcome"),
    whole("mandates", "billing.mandates", "mandate_id"),
    whole("ends of mandates", "billing.mandate_ends", "mandate_id"),
    whole("collections", "billing.collections", "collection_id"),
    whole("notices of collections", "billing.collection_notices", "collection_id || ' ' || account_id"),
    whole("releases of collections", "billing.collection_releases", "collection_id"),
    whole("accounts skipped", "billing.collection_skips", "collection_id || ' ' || account_id"),
    whole("interruptions of prescription", "billing.interruptions", "interruption_id"),
    whole("interruptions withdrawn", "billing.interruption_withdrawals", "interruption_id"),
    whole("write-offs", "billing.write_offs", "write_off_id"),
    whole("notices of missing shares", "billing.share_notices", "charge_id || ' ' || account_id"),
    # Of units that were there before it was noted, the book of their registration is not known.
    whole("units", "billing.units", "unit_id", "book"),
    whole("ownership lines", "billing.lines", "unit_id || ' ' || version"),
    whole("share sets", "billing.share_versions", "share_set_id || ' ' || effective_from"),
)
