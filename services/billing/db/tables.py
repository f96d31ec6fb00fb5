"""Billing's tables: the facts it was told, the ledger, and what it last said about each account.

The ledger and the facts are append-only (the service's role may not change or remove them); money has no foreign keys
on the hot path, because ``verify`` proves more than a key could.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.billing.db import annual_tables, collection_tables, fee_tables, prescription_tables, run_tables
from services.billing.db.schema import metadata

__all__ = ["annual_tables", "collection_tables", "fee_tables", "metadata", "prescription_tables", "run_tables"]


def _event() -> tuple[Column[object], ...]:
    """The event a fact came with: its name, its content's hash, and the book in which it was learnt."""
    return (
        Column("event_uid", Uuid, nullable=False),
        Column("source", Text, nullable=False),
        Column("event_id", Text, nullable=False),
        Column("sha", LargeBinary, nullable=False),
        Column("book", Date, nullable=False),
    )


units = Table(
    "units",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("development_id", Text, nullable=False),
    Column("block_id", Text),
    Column("tenure", Text, nullable=False),
    Column("managed_from", Date, nullable=False),
    Column("managed_to", Date),
    # When the newest registration was learnt: schedules catch up on the past of these units alone.
    Column("book", Date),
    Index("ix_units_book", "book"),
    # list_candidates: the few units whose management ends.
    # list_states, list_newcomers: what changed since the day before, and whose day has come.
    Index("ix_units_managed_from", "managed_from"),
    Index("ix_units_managed_to", "managed_to", postgresql_where=text("managed_to is not null")),
    comment="Units in management, newest registration.",
)

lines = Table(
    "lines",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("book", Date, nullable=False),
    Column("body", JSONB, nullable=False),
    # What charges ask for at every turn, ready to be read: account, first day, day after the last, for each stay.
    Column("stays", Text, nullable=False),
    # The first day of the newest owner.
    Column("last_from", Date),
    # list_candidates, list_states, list_newcomers: lines learnt in a book, and owners whose day has come.
    Index("ix_lines_book", "book"),
    Index("ix_lines_last_from", "last_from"),
    comment="Every version of a unit's ownership line, as the owners service said it; the greatest holds.",
)

share_versions = Table(
    "share_versions",
    metadata,
    Column("share_set_id", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("complete", Boolean, nullable=False),
    Column("members", JSONB, nullable=False),
    comment="Share sets from each effective day on; the newest publication of a day holds.",
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("account_ref", Text, nullable=False, unique=True),
    Column("unit_id", Text, nullable=False),
    Column("ownership_id", Text, nullable=False),
    Column("book", Date, nullable=False),
    Column("closed_on", Date),
    Column("items_said", LargeBinary),
    # The oldest due day of the items said; none is open: infinity.  Without an index: payments are to move none.
    Column("open_since", Date),
    # accounts_of_units: the accounts a new line opens, closes or moves money between.
    Index("ix_accounts_unit_id", "unit_id"),
    # list_candidates, list_states: who left lately.
    Index("ix_accounts_closed_on", "closed_on", postgresql_where=text("closed_on is not null")),
    comment="One account per ownership chain, and one internal account (ownership_id '') per unit.",
)

charges = Table(
    "charges",
    metadata,
    Column("charge_id", Text, primary_key=True),
    *_event(),
    Column("kind", Text, nullable=False),
    Column("share_set_id", Text),
    Column("unit_id", Text),
    Column("net_pence", BigInteger, nullable=False),
    Column("tax_pence", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    Column("instructed_on", Date),
    Column("completed_on", Date),
    Column("invoiced_on", Date),
    Column("liable_from", Date, nullable=False),
    Column("liable_to", Date, nullable=False),
    Column("due_on", Date),
    Column("raised_on", Date, nullable=False),
    Column("supplier", Text),
    Column("invoice_number", Text),
    Column("decided_on", Date),
    CheckConstraint("net_pence >= 0 and tax_pence >= 0 and net_pence + tax_pence > 0", name="amount_positive"),
    CheckConstraint("num_nonnulls(share_set_id, unit_id) = 1", name="one_door"),
    CheckConstraint("liable_from <= liable_to", name="days_in_order"),
    # charges_of_sets: what a new version of a share set divides anew.
    Index("ix_charges_share_set_id", "share_set_id", postgresql_where=text("share_set_id is not null")),
    # list_states, list_newcomers: the few charges that are floats.
    Index("ix_charges_floats", "unit_id", postgresql_where=text("kind = 'float'")),
    Index("ix_charges_floats_book", "book", postgresql_where=text("kind = 'float'")),
    # list_touched: balances taken over whose five years are over soon.
    Index("ix_charges_due_on", "due_on", "book", postgresql_where=text("due_on is not null")),
    comment="Charges as the housing system raised them.",
)

credits_ = Table(
    "credits",
    metadata,
    Column("credit_id", Text, primary_key=True),
    *_event(),
    Column("charge_id", Text, nullable=False),
    Column("accepted_no", Integer, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("credited_on", Date, nullable=False),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    UniqueConstraint("charge_id", "accepted_no"),
    comment="Credits in the order they were accepted; the one that completes its charge takes what is left.",
)

charge_parts = Table(
    "charge_parts",
    metadata,
    Column("charge_id", Text, primary_key=True),
    Column("part_no", Integer, primary_key=True),
    Column("credit_id", Text),
    Column("unit_id", Text),
    Column("account_id", Uuid),
    Column("waiting_for", Text),
    Column("net_pence", BigInteger, nullable=False),
    Column("tax_pence", BigInteger, nullable=False),
    Column("share", Text),
    CheckConstraint("num_nonnulls(account_id, waiting_for) = 1", name="one_holder"),
    # charges_of_units: what a new registration or line of a unit attributes anew.
    Index("ix_charge_parts_unit_id", "unit_id"),
    # list_waiting_parts: the charges and credits that wait.
    Index("ix_charge_parts_waiting", "charge_id", postgresql_where=text("waiting_for is not null")),
    comment="Where each charge and each of its credits stands now: the target its postings add up to.",
)

payments = Table(
    "payments",
    metadata,
    Column("payment_id", Text, primary_key=True),
    *_event(),
    Column("amount_pence", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("method", Text, nullable=False),
    Column("reference", Text),
    Column("account_ref", Text),
    Column("unit_id", Text),
    Column("for_statement", Text),
    Column("account_id", Uuid),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    # payments_of_units: what a new line may place.
    Index("ix_payments_unit_id", "unit_id", postgresql_where=text("unit_id is not null")),
    # list_suspended: money that nobody matches.
    Index("ix_payments_suspended", "payment_id", postgresql_where=text("account_id is null")),
    # Where its references place it: what people said instead stands in matches.
    comment="Receipts; account_id is where they stand now (none: suspense).",
)

payment_refs = Table(
    "payment_refs",
    metadata,
    Column("account_ref", Text, primary_key=True),
    Column("payment_id", Text, primary_key=True),
    comment="Account references a payment may mean, known or not: a new account finds its old payments here.",
)

matches = Table(
    "matches",
    metadata,
    Column("payment_id", Text, primary_key=True),
    Column("match_no", Integer, primary_key=True),
    Column("command_uid", Uuid, nullable=False, unique=True),
    Column("book", Date, nullable=False),
    Column("account_ids", ARRAY(Uuid), nullable=False),
    Column("pence", ARRAY(BigInteger), nullable=False),
    CheckConstraint("cardinality(account_ids) = cardinality(pence)", name="pence_for_each"),
    CheckConstraint("0 < all (pence)", name="pence_positive"),
    comment="What people said about whose money a payment is; the last word holds.",
)

reversals = Table(
    "reversals",
    metadata,
    Column("reversal_id", Text, primary_key=True),
    *_event(),
    Column("payment_id", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("reversed_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    # lock_payments: what is left of a payment.
    Index("ix_reversals_payment_id", "payment_id"),
    comment="Money the bank took back.",
)

causes = Table(
    "causes",
    metadata,
    Column("cause_uid", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    comment="Events that moved money without being a charge, credit, payment or reversal of their own.",
)

entries = Table(
    "entries",
    metadata,
    Column("cause_uid", Uuid, primary_key=True),
    Column("posting_no", Integer, primary_key=True),
    Column("ledger", Text, nullable=False),
    Column("account_id", Uuid),
    Column("amount_pence", BigInteger, nullable=False),
    Column("tax_pence", BigInteger, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("book", Date, nullable=False),
    Column("fact_kind", Text, nullable=False),
    Column("fact_id", Text, nullable=False),
    Column("charge_id", Text),
    Column("payment_id", Text),
    CheckConstraint("amount_pence <> 0 and abs(amount_pence) < 10000000000000", name="amount_in_range"),
    CheckConstraint("(ledger = 'receivable') = (account_id is not null)", name="receivable_has_account"),
    CheckConstraint(
        "fact_kind in ('charge', 'credit', 'payment', 'reversal', 'write-off', 'fund-spending')",
        name="fact_kind_known",
    ),
    CheckConstraint("(fact_kind in ('charge', 'credit', 'write-off')) = (charge_id is not null)", name="charge_named"),
    CheckConstraint("(fact_kind in ('payment', 'reversal')) = (payment_id is not null)", name="payment_named"),
    CheckConstraint(
        "case when fact_kind = 'write-off' then ledger in ('receivable', 'bad-debt', 'floats', 'reserve-funds') "
        "else ledger <> 'bad-debt' end",
        name="bad_debt_by_write_off",
    ),
    CheckConstraint(
        "fact_kind <> 'fund-spending' or ledger in ('reserve-funds', 'bank')", name="spending_from_fund_and_bank"
    ),
    # load_returned: the few returns of a day's book.
    Index("ix_entries_returned", "book", postgresql_where=text("fact_kind = 'reversal' and account_id is not null")),
    # lines_of_accounts: an account's own postings.
    Index("ix_entries_account_id", "account_id", postgresql_where=text("account_id is not null")),
    comment="The double-entry ledger, owed positive: every cause's postings sum to zero, in one statement.",
)

write_offs = Table(
    "write_offs",
    metadata,
    Column("write_off_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("charge_id", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("written_off_on", Date, nullable=False),
    Column("ground", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    # load_of_accounts: what money on an account may write back.
    Index("ix_write_offs_account_id", "account_id"),
    comment="Debts given up by two people; what still stands of each follows from the ledger.",
)

share_notices = Table(
    "share_notices",
    metadata,
    Column("charge_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("book", Date, nullable=False),
    comment="Which owners were told of which charge for a share that another cannot be made to pay, once each.",
)

statements = Table(
    "statements",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("quarter", Text, primary_key=True),
    Column("statement_no", Text, nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("brought_forward_pence", BigInteger, nullable=False),
    Column("total_pence", BigInteger, nullable=False),
    Column("balance_pence", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    # Of a reviewed statement: the last book of which it carries lines.
    Column("known_at", Date),
    CheckConstraint("balance_pence = brought_forward_pence + total_pence", name="adds_up"),
    CheckConstraint("due_on > issued_on", name="due_later"),
    CheckConstraint("known_at < issued_on", name="reviewed_before"),
    # list_touched: statements whose five years are over soon.
    Index("ix_statements_due_on", "due_on"),
    comment="Statements issued, at most one per account and quarter; their lines follow from the ledger's books.",
)
