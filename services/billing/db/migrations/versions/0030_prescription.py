"""Keep what interrupts prescription, and find the debts that come near it."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "interruptions",
        sa.Column("interruption_id", sa.Text),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("interrupted_on", sa.Date, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("charge_ids", sa.ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("interruption_id", name="pk_interruptions"),
        sa.CheckConstraint("interrupted_on <= book", name="interrupted_by_then"),
        sa.CheckConstraint("ground in ('court-action', 'insolvency-claim', 'admission')", name="ground_known"),
        sa.CheckConstraint("cardinality(charge_ids) > 0", name="charges_named"),
        schema="billing",
        comment="Claims and admissions that set prescription back, each for the charges it names.",
    )
    op.create_index("ix_interruptions_account_id", "interruptions", ["account_id"], schema="billing")
    op.create_index("ix_interruptions_interrupted_on", "interruptions", ["interrupted_on"], schema="billing")
    op.create_table(
        "interruption_withdrawals",
        sa.Column("interruption_id", sa.Text),
        sa.Column("command_uid", sa.Uuid, nullable=False),
        sa.Column("book", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("interruption_id", name="pk_interruption_withdrawals"),
        schema="billing",
        comment="Interruptions that were recorded by mistake: they count as never made.",
    )
    op.create_index("ix_interruption_withdrawals_book", "interruption_withdrawals", ["book"], schema="billing")
    ddl.grant_append_only("billing.interruptions", "billing.interruption_withdrawals")
    # A new database has these from the first migration on, which makes today's tables.
    op.execute("create index if not exists ix_statements_due_on on billing.statements (due_on)")
    op.execute(
        "create index if not exists ix_charges_due_on on billing.charges (due_on, book) where due_on is not null"
    )


def downgrade() -> None:
    op.execute("drop index billing.ix_charges_due_on")
    op.execute("drop index billing.ix_statements_due_on")
    op.drop_table("interruption_withdrawals", schema="billing")
    op.drop_table("interruptions", schema="billing")
