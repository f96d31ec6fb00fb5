"""Billing's tables of reviewed statement runs: what stood when one was struck, and what people said of it."""

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Date, Integer, Table, Text, Uuid

from services.billing.db.schema import metadata

release_policies = Table(
    "release_policies",
    metadata,
    Column("policy_no", Integer, primary_key=True, autoincrement=False),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("release", Text, nullable=False),
    Column("sample_size", Integer, nullable=False),
    Column("outlier_percent", Integer, nullable=False),
    CheckConstraint("release in ('automatic', 'reviewed')", name="release_known"),
    CheckConstraint("sample_size > 0 and outlier_percent >= 0", name="figures_natural"),
    comment="How statements get out, as two people agreed; the last holds, none: as shipped, automatic.",
)

statement_runs = Table(
    "statement_runs",
    metadata,
    Column("quarter", Text, primary_key=True),
    Column("run_no", Integer, primary_key=True),
    Column("known_at", Date, nullable=False),
    comment="Runs that were struck whole: statements as of a book, for people to look at.",
)

struck_statements = Table(
    "struck_statements",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("account_ref", Text, nullable=False),
    Column("brought_forward_pence", BigInteger, nullable=False),
    Column("total_pence", BigInteger, nullable=False),
    Column("balance_pence", BigInteger, nullable=False),
    Column("billed_pence", BigInteger, nullable=False),
    Column("before_pence", BigInteger),
    Column("flags", ARRAY(Text), nullable=False),
    CheckConstraint("balance_pence = brought_forward_pence + total_pence", name="adds_up"),
    comment="What each statement of a run says; what is issued later says the same.",
)

statement_samples = Table(
    "statement_samples",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("account_ref", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    comment="The statements of a run that somebody must look at, and why these.",
)

statement_checks = Table(
    "statement_checks",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("check_no", Integer, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("passed", Boolean, nullable=False),
    comment="What officers said of a sampled statement; the last word holds.",
)

statement_restrikes = Table(
    "statement_restrikes",
    metadata,
    Column("quarter", Text, primary_key=True),
    Column("book", Date, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    comment="That a quarter is to be struck anew in the work of a book.",
)

statement_releases = Table(
    "statement_releases",
    metadata,
    Column("quarter", Text, primary_key=True),
    Column("run_no", Integer, nullable=False),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    comment="The run of a quarter that two people released; it is issued in the work of the same book.",
)
