"""Arrears' tables: what billing told of each account, where each stands on the ladder, holds, plans, and decisions.

Decisions and the changes of plans are append-only: each with its figures and its reason, decisions with their items and
the policy version that led to them.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from services.arrears.db import notice_tables
from services.arrears.db.schema import metadata

__all__ = ["metadata", "notice_tables"]


def _pence(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("account_ref", Text),
    Column("unit_id", Text),
    Column("ownership_id", Text),
    Column("internal", Boolean, nullable=False, server_default=text("false")),
    Column("closed_on", Date),
    _pence("charges_pence"),
    _pence("balance_pence"),
    _pence("credit_pence"),
    _pence("written_off_pence"),
    Column("items", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("oldest_due_on", Date),
    Column("statement_no", Text),
    Column("statement_on", Date),
    Column("cycle", Integer, nullable=False, server_default=text("1")),
    Column("stage", Integer, nullable=False, server_default=text("0")),
    Column("stage_on", Date),
    Column("letter_on", Date),
    Column("grace_until", Date),
    Column("ended_cycle", Integer),
    Column("ended_stage", Integer),
    Column("ended_stage_on", Date),
    Column("ended_on", Date),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("next_check_on", Date),
    Index(
        "ix_accounts_next_check_on", "next_check_on", "account_id", postgresql_where=text("next_check_on is not null")
    ),
    Index("ix_accounts_oldest_due_on", "oldest_due_on", postgresql_where=text("oldest_due_on is not null")),
    Index("ix_accounts_account_ref", "account_ref"),
    # A line that changes finds its unit's accounts.
    Index("ix_accounts_unit_id", "unit_id"),
)
"""One row an account.  ``next_check_on`` is the only thing a day's work looks for; ``ended_*`` is how the last closed
cycle stood, for money that is taken back later."""

payments = Table(
    "payments",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    _pence("amount_pence"),
    Column("received_on", Date),
    Column("paid_book", Date),
    Column("taken_book", Date),
    PrimaryKeyConstraint("account_id", "payment_id"),
)
"""What an account still has of each payment: matched, less what the bank or a move took away."""

collections = Table(
    "collections",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("collection_id", Text, nullable=False),
    _pence("amount_pence"),
    Column("collect_on", Date),
    Column("settled_by", Date),
    Column("is_over", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("account_id", "collection_id"),
)
"""What owners were told that direct debits take, and whether that has come or will not (said before or after it)."""

holds = Table(
    "holds",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("charge_id", Text),
    Column("reason", Text, nullable=False),
    Column("started_on", Date, nullable=False),
    Column("review_on", Date),
    Column("set_by", Text, nullable=False),
    Column("set_book", Date, nullable=False),
    Column("ended_on", Date),
    Column("ended_reason", Text),
    Column("ended_by", Text),
    Column("ended_book", Date),
    Index("ix_holds_account_id", "account_id"),
)
"""Why an account, or one charge of it, is not chased; who said so."""

plans = Table(
    "plans",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("agreed_on", Date, nullable=False),
    Column("frequency", Text, nullable=False),
    Column("instalments", Integer, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("method", Text, nullable=False),
    Column("affordability_ref", Text, nullable=False),
    Column("current_charges", Boolean, nullable=False),
    Column("debts", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_on", Date, nullable=False),
    Column("change", Integer, nullable=False),
    Column("missed", JSONB, nullable=False),
    Column("warned_of", JSONB, nullable=False),
    Column("catch_up_by", Date),
    Column("reason", Text, nullable=False),
    Column("is_followed", Boolean, nullable=False),
    Column("next_check_on", Date),
    Column("met_from", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index(
        "uq_plans_account_id_standing",
        "account_id",
        unique=True,
        postgresql_where=text("state in ('agreed', 'warned')"),
    ),
    Index("ix_plans_account_id", "account_id"),
    Index("ix_plans_followed", "plan_id", postgresql_where=text("is_followed")),
)
"""Repayment plans as they stand; the unique index lets one stand for an account.  The day's work looks at those that
are followed: they stand, or are completed and the account's newest.  ``met_from``: of each instalment in ``missed``,
how much money of value days within its grace would show it as met in time."""

plan_changes = Table(
    "plan_changes",
    metadata,
    Column("plan_id", Text, nullable=False),
    Column("change", Integer, nullable=False),
    Column("changed_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("paid_pence", BigInteger, nullable=False),
    Column("due_pence", BigInteger, nullable=False),
    Column("current_pence", BigInteger, nullable=False),
    Column("catch_up_by", Date),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("plan_id", "change"),
)
"""Every change of a plan, with the figures and the reason that led to it."""

decisions = Table(
    "decisions",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("name", Text),
    Column("policy_version", Text, nullable=False),
    Column("overdue_pence", BigInteger, nullable=False),
    Column("chased_pence", BigInteger, nullable=False),
    Column("minimum_pence", BigInteger, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "day"),
    Index(
        "uq_decisions_account_id_cycle_stage",
        "account_id",
        "cycle",
        "stage",
        unique=True,
        postgresql_where=text("outcome = 'stage-reached'"),
    ),
)
"""Every stage reached and every cycle closed; the unique index lets a stage fire once in a cycle, whatever happens."""

unit_lines = Table(
    "unit_lines",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("event_uid", Uuid, nullable=False),
    Column("line", JSONB, nullable=False),
)
"""Each unit's ownership line as owners last told it; notices of potential liability look here for a sale."""
