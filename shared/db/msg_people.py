"""Bus tables of commands that need two people; schema ``msg``, the same in every service's database."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Table, Text, text

from shared.db.base import INSTANT, JSON
from shared.db.msg import metadata

proposal = Table(
    "proposal",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="What it is about: dead-letter:4, 2026-04-01."),
    Column("body", JSON, nullable=False, comment="All that its use case needs."),
    Column("why", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", INSTANT, nullable=False, server_default=text("now()")),
    Column("expires_at", INSTANT, comment="From then on it cannot be approved."),
    Column(
        "status",
        Text,
        CheckConstraint("status in ('open', 'approved', 'rejected')", "status"),
        nullable=False,
        server_default=text("'open'"),
    ),
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("decision_note", Text),
    Column("book", Date, comment="The book in which it took effect."),
    CheckConstraint("status <> 'approved' or decided_by <> proposed_by", "two_people"),
    CheckConstraint("(status = 'open') = (decided_by is null)", "decided"),
    comment="Commands that take effect when another person approves them.",
)
Index("ix_proposal_open", proposal.c.id, postgresql_where=proposal.c.status == "open")

GRANTS = {
    proposal: "select, insert, update (status, decided_by, decided_at, decision_note, book)",
}
"""What the service's own role may do with each; what was proposed never changes."""
