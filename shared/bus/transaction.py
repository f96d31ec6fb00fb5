"""Opens a unit of work: passes the gate, knows the book, flushes what was said, tells the relay."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared.bus import gate, outbox
from shared.bus.work import Cause, Work
from shared.db.engine import driver

Sessions = async_sessionmaker[AsyncSession]


class Doors:
    """The ways into a service's database for work that changes something."""

    def __init__(self, service: str, sessions: Sessions, on_commit: Callable[[], None]) -> None:
        self.service = service
        self.sessions = sessions
        self._on_commit = on_commit

    @asynccontextmanager
    async def command(self, cause: Cause) -> AsyncIterator[Work]:
        """Open the door for a staff command or a background task; raises ``GateClosedError`` while a day is worked."""
        async with self.sessions.begin() as session:
            connection = await driver(session)
            state = await gate.enter(connection)
            work = Work(session, service=self.service, book=state.book, cause=cause)
            yield work
            await outbox.flush(work)
        work.committed()
        self._on_commit()

    def committed(self) -> None:
        """Wake whoever waits for a commit: the relay, the day."""
        self._on_commit()
