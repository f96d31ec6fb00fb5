"""Billing's tables of fees and of owners' own money: schedules, notices, floats, funds, costs; all append-only."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid

from services.billing.db.schema import metadata

schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("annual_net_pence", BigInteger, nullable=False),
    Column("instalments", Integer, nullable=False),
    Column("year_starts", Integer, nullable=False),
    Column("description", Text, nullable=False),
    CheckConstraint("annual_net_pence >= 0", name="amount_natural"),
    CheckConstraint("instalments in (1, 2, 4) and year_starts between 1 and 12", name="year_divided"),
    comment="Fees and premiums that the business day raises, every version; an increase also needs its notice.",
)

fee_notices = Table(
    "fee_notices",
    metadata,
    Column("schedule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("notified_on", Date, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("evidence", Text, nullable=False),
    comment="When owners were told of a version of a schedule.",
)

fee_letters = Table(
    "fee_letters",
    metadata,
    Column("schedule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("why", Text, nullable=False),
    Column("letters", Integer, nullable=False),
    comment="The dearer versions that owners were written to about, once each, and how many letters that makes.",
)

fee_reliefs = Table(
    "fee_reliefs",
    metadata,
    Column("relief_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("schedule_id", Text, nullable=False),
    Column("unit_id", Text, nullable=False),
    Column("basis_points", Integer, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("proven_to", Date),
    Column("evidence", Text, nullable=False),
    CheckConstraint("basis_points between 1 and 10000", name="part_of_the_whole"),
    CheckConstraint("proven_to >= from_on", name="days_in_order"),
    comment="What a unit is let off: a discount while its proof lasts, an opt-out until renewed or ended.",
)

fee_relief_ends = Table(
    "fee_relief_ends",
    metadata,
    Column("relief_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("why", Text),
    comment="The last day that people gave a relief, which also holds through the book they gave it in.",
)

float_terms = Table(
    "float_terms",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    CheckConstraint("amount_pence >= 0", name="amount_natural"),
    CheckConstraint("scope in ('unit', 'block', 'development')", name="scope_known"),
    comment="What owners who come to a unit, block or development are asked as a float, every version.",
)

fund_spendings = Table(
    "fund_spendings",
    metadata,
    Column("spending_id", Text, primary_key=True),
    Column("command_uid", Uuid, nullable=False),
    Column("book", Date, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("spent_on", Date, nullable=False),
    Column("description", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    CheckConstraint("amount_pence <> 0", name="amount_not_nothing"),
    # sum_spent: what is left of a fund.
    Index("ix_fund_spendings_fund_id", "fund_id"),
    comment="What a block's reserve fund paid for, and (negative) what came back to it.",
)

tracked_costs = Table(
    "tracked_costs",
    metadata,
    Column("command_uid", Uuid, primary_key=True),
    Column("book", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("incurred_on", Date, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("amount_pence <> 0", name="amount_not_nothing"),
    comment="What factoring cost, as officers recorded it; negative pence correct.",
)
