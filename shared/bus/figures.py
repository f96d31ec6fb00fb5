"""Brings the figures that live in the database up to date before monitoring reads them."""

from shared import metrics
from shared.bus import queries
from shared.bus.transaction import Sessions
from shared.db.engine import driver
from shared.db.rows import only_row


async def refresh(sessions: Sessions) -> None:
    """Read outbox, held events, dead letters, quarantines and days into their gauges."""
    async with sessions() as session:
        connection = await driver(session)
        row = await only_row(connection, queries.FIGURES)
        classes = await connection.fetch(queries.LETTERS_BY_CLASS)
    metrics.OUTBOX_ROWS.set(row["outbox"])
    metrics.OUTBOX_AGE.set(row["outbox_age"] or 0)
    metrics.HELD.set(row["held"])
    metrics.HELD_AGE.set(row["held_age"] or 0)
    metrics.QUARANTINED.set(row["quarantined"])
    metrics.DEAD_LETTER_AGE.set(row["letter_age"] or 0)
    metrics.LAST_DAY_CLOSED.set(row["last_day"] or 0)
    metrics.DAYS_TO_CLOSE.set(row["days_to_close"])
    metrics.DAY_WORKING.set(row["working"])
    metrics.DEAD_LETTERS.clear()
    for found in classes:
        metrics.DEAD_LETTERS.labels(found["reason_class"]).set(found["letters"])
