"""What one batch posts: the postings of each cause, written in one statement so that the database can balance them."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol
from uuid import UUID

import asyncpg

from services.billing.db import ledger
from services.billing.db.ledger import EntryRow
from services.billing.domain.postings import Posting


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

    __slots__ = ("_book", "_causes", "_next", "_rows")

    def __init__(self, book: date) -> None:
        self._book = book
        self._causes: dict[UUID, Named] = {}
        self._next: dict[UUID, int] = {}
        self._rows: list[EntryRow] = []

    def post(self, cause: Named, postings: Iterable[Posting]) -> None:
        """Add postings that one cause led to."""
        uid, number, book = cause.uid, self._next.get(cause.uid, 0), self._book
        for posting in postings:
            row = (
                uid, number, posting.ledger, posting.account_id, posting.amount_pence, posting.tax_pence,
                posting.value_on, book, posting.kind, posting.fact_id, posting.charge_id, posting.payment_id,
            )  # fmt: skip
            self._rows.append(row)
            number += 1
        self._next[uid] = number
        self._causes[uid] = cause

    def causes(self) -> Iterable[Named]:
        """Return what led to postings."""
        return self._causes.values()

    async def write(self, connection: asyncpg.Connection) -> None:
        """Write what was posted since the last time; it balances by itself."""
        if self._rows:
            await ledger.add_entries(connection, self._rows)
            self._rows = []
