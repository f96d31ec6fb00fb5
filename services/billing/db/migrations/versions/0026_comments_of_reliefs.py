"""Say in the comments of reliefs how long they hold."""

from alembic import op

revision = "0026"
down_revision = "0025"

_NOW = {
    "fee_reliefs": "What a unit is let off: a discount while its proof lasts, an opt-out until renewed or ended.",
    "fee_relief_ends": "The last day that people gave a relief, which also holds through the book they gave it in.",
}
_BEFORE = {
    "fee_reliefs": "What a unit is let off a schedule: a discount, or (all of it) an opt-out, while its proof lasts.",
    "fee_relief_ends": "The last day of a relief that people ended before its proof did.",
}


def upgrade() -> None:
    _say(_NOW)


def downgrade() -> None:
    _say(_BEFORE)


def _say(comments: dict[str, str]) -> None:
    for table, comment in comments.items():
        op.execute(f"comment on table billing.{table} is '{comment}'")
