"""Add schedules of fees and premiums, the notices given of them, and reliefs."""

import sqlalchemy as sa
from alembic import op

from shared.db import ddl

revision = "0005"
down_revision = "0004"

_NAMES = ("schedules", "fee_notices", "fee_reliefs")


def _command() -> tuple[sa.Column[object], ...]:
    return (sa.Column("command_uid", sa.Uuid, nullable=False), sa.Column("book", sa.Date, nullable=False))


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.Text),
        sa.Column("version", sa.Integer),
        *_command(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("scope_id", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("annual_net_pence", sa.BigInteger, nullable=False),
        sa.Column("instalments", sa.Integer, nullable=False),
        sa.Column("year_starts", sa.Integer, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "version", name="pk_schedules"),
        sa.CheckConstraint("annual_net_pence >= 0", name=op.f("ck_schedules_amount_natural")),
        sa.CheckConstraint(
            "instalments in (1, 2, 4) and year_starts between 1 and 12", name=op.f("ck_schedules_year_divided")
        ),
        schema="billing",
        comment="Fees and premiums that the business day raises, every version; an increase also needs its notice.",
    )
    op.create_table(
        "fee_notices",
        sa.Column("schedule_id", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("notified_on", sa.Date),
        *_command(),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "version", "notified_on", name="pk_fee_notices"),
        schema="billing",
        comment="When owners were told of a version of a schedule.",
    )
    op.create_table(
        "fee_reliefs",
        sa.Column("relief_id", sa.Text),
        *_command(),
        sa.Column("schedule_id", sa.Text, nullable=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("basis_points", sa.Integer, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("proven_to", sa.Date),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("relief_id", name="pk_fee_reliefs"),
        sa.CheckConstraint("basis_points between 1 and 10000", name=op.f("ck_fee_reliefs_part_of_the_whole")),
        sa.CheckConstraint("proven_to >= from_on", name=op.f("ck_fee_reliefs_days_in_order")),
        schema="billing",
        comment="What a unit is let off a schedule: a discount, or (all of it) an opt-out, while its proof lasts.",
    )
    ddl.grant_append_only(*(f"billing.{name}" for name in _NAMES))


def downgrade() -> None:
    for name in _NAMES:
        op.drop_table(name, schema="billing")
