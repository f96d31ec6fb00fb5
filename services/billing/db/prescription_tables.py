"""Billing's tables of prescription: what set the five years of debts back, and what of that was withdrawn."""

from sqlalchemy import ARRAY, CheckConstraint, Column, Date, Index, Table, Text, Uuid

from services.billing.db.schema import metadata

interruptions = Table(
    "interruptions",
    metadata,
    Column("interruption_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("interrupted_on", Date, nullable=False),
    Column("ground", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("charge_ids", ARRAY(Text), nullable=False),
    CheckConstraint("interrupted_on <= book", name="interrupted_by_then"),
    CheckConstraint("ground in ('court-action', 'insolvency-claim', 'admission')", name="ground_known"),
    CheckConstraint("cardinality(charge_ids) > 0", name="charges_named"),
    # load_of_accounts: what set the debts of an account back.
    Index("ix_interruptions_account_id", "account_id"),
    # list_touched: whose five years since are over soon.
    Index("ix_interruptions_interrupted_on", "interrupted_on"),
    comment="Claims and admissions that set prescription back, each for the charges it names.",
)

interruption_withdrawals = Table(
    "interruption_withdrawals",
    metadata,
    Column("interruption_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    # list_touched: what was withdrawn since the day last closed.
    Index("ix_interruption_withdrawals_book", "book"),
    comment="Interruptions that were recorded by mistake: they count as never made.",
)
