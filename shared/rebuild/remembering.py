"""At the start of a service's process: what its database has forgotten is taken in again, before anything is said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bus import recall
from shared.bus.service import Running
from shared.db.engine import connect, question, server_settings
from shared.events.topics import TAKEN_IN
from shared.log_events import LogEvent
from shared.logs import log
from shared.rebuild.retaking import OtherwiseError, Retaking

_LOCK = "select pg_advisory_lock(hashtextextended('closebook retaking', 0))"


async def remember(running: Running) -> None:
    """Make the database know all that the service ever said; usually it does.

    Raises ``OtherwiseError`` when it cannot, and then nothing may be said; what Kafka and the database raise.
    """
    name, partitions = running.service.name, running.settings.partitions
    async with question(running.doors.sessions) as connection:
        if not await recall.has_forgotten(connection, running.cuts, name, partitions):
            return
    running.retaking.under_way = True
    async with _alone(running):
        await _take_in_again(running)
    running.retaking.under_way = False


async def _take_in_again(running: Running) -> None:
    """Learn what was forgotten, if another process has not done so meanwhile, and take it in again."""
    name, partitions = running.service.name, running.settings.partitions
    async with question(running.doors.sessions) as connection:
        said = await recall.said_since(connection, running.cuts, name, partitions)
    if not said.forgotten:
        return
    if name not in TAKEN_IN:
        raise OtherwiseError(f"Letters have left that the database does not know of: {said.in_words()}.")
    log(LogEvent.DATABASE_IS_OLDER, detail=said.in_words(), count=len(said.forgotten))
    await Retaking(running, said).run()
    log(LogEvent.FORGOTTEN_TAKEN_IN, count=len(said.forgotten))


@asynccontextmanager
async def _alone(running: Running) -> AsyncIterator[None]:
    """Wait for the other processes of the service: one does it, the others find it done."""
    url = running.settings.database_url.get_secret_value()
    name = f"closebook-{running.service.name}-retaking"
    patient = server_settings(name, statement_timeout="0", lock_timeout="0")
    connection = await connect(url, application_name=name, settings=patient, command_timeout=None)
    try:
        await connection.execute(_LOCK)
        yield
    finally:
        await connection.close()
