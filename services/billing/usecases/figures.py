"""What stands in suspense, for monitoring."""

from services.billing.db import suspense
from shared import metrics
from shared.bus.transaction import Sessions
from shared.db.engine import question


async def refresh(sessions: Sessions) -> None:
    """Set the figures of suspense: payments nobody matches, and parts of charges that wait."""
    async with question(sessions) as connection:
        found = await suspense.suspense_figures(connection)
    for row in found:
        metrics.SUSPENSE_PENCE.labels(row.kind).set(row.pence)
        metrics.SUSPENSE_ITEMS.labels(row.kind).set(row.items)
        metrics.SUSPENSE_AGE.labels(row.kind).set(row.oldest_days)
