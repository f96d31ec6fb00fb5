"""What one batch posts: the postings of each cause, written in one statement so that the database can balance them."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import asyncpg

from services.billing.db import ledger
from services.billing.db.ledger import EntryRow
from services.billing.domain.postings import Posting
from shared.bus.work import Work


class Named(Protocol):
    """What led to postings, by its name: an event, or a command of the staff."""

    @property
    def uid(self) -> UUID:
        """Its name for ever."""

    @property
    def source(self) -> str:
        """Who said it."""

    @property
    def id(self) -> str:
        """Its name within the source."""

    @property
    def type(self) -> str:
        """What kind of thing it is."""


class Journal:
    """Postings of a batch, numbered within their causes."""

    __slots__ = ("_causes", "_next", "_rows", "_work")

    def __init__(self, work: Work) -> None:
        self._work = work
        self._causes: dict[UUID, Named] = {}
        self._next: dict[UUID, int] = {}
        self._rows: list[EntryRow] = []

    def post(self, cause: Named, postings: Iterable[Posting]) -> None:
        """Add postings that one cause led to; an event's line in the log says how many."""
        uid, book, known = cause.uid, self._work.book, self._next.get(cause.uid, 0)
        rows = [(uid, number, *posting, book) for number, posting in enumerate(postings, known)]
        self._rows += rows
        self._next[uid] = number = known + len(rows)
        self._causes[uid] = cause
        self._work.remark(uid, entries=number)

    def causes(self) -> Iterable[Named]:
        """Return what led to postings."""
        return self._causes.values()

    async def write(self, connection: asyncpg.Connection) -> None:
        """Write what was posted since the last time; it balances by itself."""
        if self._rows:
            await ledger.add_entries(connection, self._rows)
            self._rows = []
