"""How the mail stands, for monitoring: counts and ages, never whom a message is for."""

from services.notify.db import questions
from services.notify.domain.dispatch import FINAL, State
from shared import metrics
from shared.bus.transaction import Sessions
from shared.db.engine import question


async def refresh(sessions: Sessions) -> None:
    """Set how many messages wait in each state, and how long the oldest has."""
    async with question(sessions) as connection:
        counts, oldest_seconds = await questions.queue(connection)
    for state in State:
        if state not in FINAL:
            metrics.MAIL_QUEUE.labels(state.value).set(counts.get(state.value, 0))
    metrics.MAIL_OLDEST.set(oldest_seconds)
