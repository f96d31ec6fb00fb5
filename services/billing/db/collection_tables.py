"""Billing's tables of collecting: what owners dispute, mandates of direct debit, and collections; all append-only."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, LargeBinary, Table, Text, Uuid, text

from services.billing.db.schema import metadata

disputes = Table(
    "disputes",
    metadata,
    Column("dispute_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("charge_id", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("raised_on", Date, nullable=False),
    # What had been credited of the charge on the account by then: credits beyond that take what is disputed.
    Column("credited_pence", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    CheckConstraint("raised_on <= book", name="raised_by_then"),
    # load_of_accounts: what money on an account passes over.
    Index("ix_disputes_account_id", "account_id"),
    comment="What of an account's charge its owner does not accept, since when.",
)

dispute_ends = Table(
    "dispute_ends",
    metadata,
    Column("dispute_id", Text, primary_key=True),
    # One that was upheld may be rejected after all: when its credit will not come.
    Column("outcome", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    # Upheld, and ringed off until credited; what was upheld before this was kept let go at once.
    Column("awaits_credit", Boolean, nullable=False, server_default="false"),
    CheckConstraint("outcome in ('upheld', 'rejected')", name="outcome_known"),
    CheckConstraint("outcome = 'upheld' or not awaits_credit", name="upheld_awaits"),
    comment="How and when each dispute ended; one without a row here stands.",
)

mandates = Table(
    "mandates",
    metadata,
    Column("mandate_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("set_on", Date, nullable=False),
    # load_mandates_of: what an account has, whatever the others have.
    Index("ix_mandates_account_id", "account_id"),
    comment="Direct debit instructions by the bureau's names for them; no bank details.",
)

mandate_ends = Table(
    "mandate_ends",
    metadata,
    Column("mandate_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    # What the bank told outside a return; absent when it was the owner or the office.
    Column("bank_code", Text),
    # load_withdrawn: whom the bank's word of a day left without a mandate.
    Index("ix_mandate_ends_withdrawn", "ended_on", postgresql_where=text("bank_code is not null")),
    comment="Mandates that an officer cancelled; what the bank ended follows from its returns.",
)

collections = Table(
    "collections",
    metadata,
    Column("collection_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("collect_on", Date, nullable=False),
    Column("policy_version", Text, nullable=False),
    # Arrears heard until when money may be on its way; of what was announced before that was said it did not.
    Column("says_end", Boolean, nullable=False, server_default="false"),
    # It leaves room for other collections by their days; one that was announced before that rule, for all of them.
    Column("by_days", Boolean, nullable=False, server_default="false"),
    CheckConstraint("collect_on > book", name="announced_before"),
    comment="Days of collection that owners were told of.",
)

collection_notices = Table(
    "collection_notices",
    metadata,
    Column("collection_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("mandate_id", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    CheckConstraint("amount_pence > 0", name="amount_positive"),
    # in_flight: what an account was told of that is not collected yet.
    Index("ix_collection_notices_account_id", "account_id"),
    comment="What each owner was told would be taken.",
)

collection_releases = Table(
    "collection_releases",
    metadata,
    Column("collection_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    comment="Collections whose file two people released, and its hash.",
)

collection_skips = Table(
    "collection_skips",
    metadata,
    Column("collection_id", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("why", Text, nullable=False),
    CheckConstraint("why in ('mandate-ended', 'owes-less')", name="why_known"),
    comment="Who was told and is not collected from; everybody else of a released collection is.",
)
