"""Billing's tables of annual statements: which were asked for and issued, and what they say of reserve funds."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid, text

from services.billing.db.schema import metadata

annual_requests = Table(
    "annual_requests",
    metadata,
    Column("command_uid", Uuid, primary_key=True),
    Column("book", Date, nullable=False),
    Column("year", Integer, nullable=False),
    Column("account_id", Uuid),
    Column("issued_on", Date),
    CheckConstraint("issued_on >= book", name="issued_later"),
    # list_asked: a day with nothing to issue reads one empty index page.
    Index("ix_annual_requests_asked", "year", postgresql_where=text("issued_on is null")),
    comment="Years whose annual statements officers had issued: of one account, or of all; when that was done.",
)

annual_statements = Table(
    "annual_statements",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("issued_on", Date, nullable=False),
    Column("brought_forward_pence", BigInteger, nullable=False),
    Column("total_pence", BigInteger, nullable=False),
    Column("balance_pence", BigInteger, nullable=False),
    CheckConstraint("balance_pence = brought_forward_pence + total_pence", name="adds_up"),
    comment="Annual statements issued, at most one per account and year.",
)

annual_funds = Table(
    "annual_funds",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("issued_on", Date, primary_key=True),
    Column("fund_id", Text, primary_key=True),
    Column("left_pence", BigInteger, nullable=False),
    comment="What each reserve fund held at a year's end, as the annual statements issued on a day say it.",
)
