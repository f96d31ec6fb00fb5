"""Keep the bank's code with a mandate that an officer cancels because the bank told so outside a return."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("mandate_ends", sa.Column("bank_code", sa.Text), schema="billing")
    op.create_index(
        "ix_mandate_ends_withdrawn",
        "mandate_ends",
        ["ended_on"],
        schema="billing",
        postgresql_where=sa.text("bank_code is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_mandate_ends_withdrawn", "mandate_ends", schema="billing")
    op.drop_column("mandate_ends", "bank_code", schema="billing")
