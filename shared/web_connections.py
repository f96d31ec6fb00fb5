"""The server's connections: none stays that does not get on, and those that ask nothing make room for those that do.

uvicorn has a deadline for the pause between two requests only, any byte puts it off, and it counts every open
connection against the limit: a few hundred strangers who send half a request, or nothing, would keep all others out.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Protocol, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the connection, or from the last answer, to the end of the next request's head."""
READ_SECONDS = 30.0
"""So long a caller may leave an answer without taking a byte of it."""


class _Wire(Protocol):
    """What asyncio's transports have beside what the library's types say of them."""

    def abort(self) -> None: ...
    def get_write_buffer_size(self) -> int: ...


class Connection(H11Protocol):
    """One connection; ``look`` closes it when it has not got on for too long."""

    asking_since = 0.0
    _moved_at = 0.0
    _unread = 0

    @property
    def answering(self) -> bool:
        """Say whether a request is being answered at this moment."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def address(self) -> str:
        """Return where the other end is."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: object) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.asking_since = self._moved_at = self.loop.time()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take what came; a request finds room when there is any to be made."""
        self._make_room()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; what is left of this one's body is part of the waiting."""
        self.asking_since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Note that the caller has taken most of what was written."""
        self._moved_at = self.loop.time()
        super().resume_writing()

    def look(self) -> None:
        """Close the connection if its request or the reading of its answer has taken too long."""
        now, unread = self.loop.time(), self._wire.get_write_buffer_size()
        if unread < self._unread or not unread:
            self._moved_at = now
        self._unread = unread
        if unread:
            late = now - self._moved_at > READ_SECONDS
        else:
            late = not self.answering and now - self.asking_since > HEAD_SECONDS
        if late:
            self.drop()

    def drop(self) -> None:
        """Close the connection at once; a polite end would wait for a caller who does not read."""
        self.connections.discard(self)
        self._wire.abort()

    @property
    def _wire(self) -> _Wire:
        return cast(_Wire, self.transport)

    def _make_room(self) -> None:
        """Close one connection that asks nothing when there are too many: the address with most gives up its oldest."""
        if self.limit_concurrency is None or len(self.connections) < self.limit_concurrency:
            return
        known = [cast(Connection, one) for one in self.connections]
        many = Counter(one.address for one in known)
        quiet = [one for one in known if one is not self and not one.answering and not one.flow.write_paused]
        if quiet:
            min(quiet, key=lambda one: (-many[one.address], one.asking_since)).drop()


class Server(uvicorn.Server):
    """A uvicorn server that looks at its connections each second, and takes no signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: the process that runs us decides when to stop."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Look at every connection once a second (uvicorn ticks ten times)."""
        if counter % 10 == 0:
            for one in list(self.server_state.connections):
                cast(Connection, one).look()
        return await super().on_tick(counter)
