"""Door 2, people: the figures that are told; each says as of when, as known when, and from which ledger accounts."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from services.billing.api.common import AsOf, Bookkeeper, Everybody, First, KnownAt, Last, Quarter, Staff, as_json
from services.billing.usecases import books, questions, reports, write_offs
from services.billing.usecases.reports import Grouping
from shared.bus.transaction import Doors
from shared.db.engine import snapshot

Month = Annotated[str, Query(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$", description="A month, like 2026-03.")]


def add(router: APIRouter, doors: Doors) -> None:
    """Add the figures."""

    @router.get("/aged-debt")
    async def aged_debt(
        _caller: Staff, by: Grouping = Grouping.BLOCK, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return what is owed by days past due, tied to the ledger."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await reports.aged_debt(connection, by, as_of, known_at))

    @router.get("/write-offs")
    async def given_up(_caller: Bookkeeper) -> Response:
        """Return every debt that was written off, and what was paid of it after all."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await write_offs.worklist(connection))

    @router.get("/movement")
    async def movement(_caller: Bookkeeper, first: First, last: Last, known_at: KnownAt = None) -> Response:
        """Return how receivables came from their opening to their closing balance."""
        if last < first:
            raise HTTPException(422, "to is before from: name the first day as from, the last as to.")
        async with snapshot(doors.sessions) as connection:
            return as_json(await reports.movement(connection, first, last, known_at))

    @router.get("/collection-rate")
    async def collection_rate(
        _caller: Staff, quarter: Quarter, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return how much of what fell due in a quarter, and of a year's charges, was paid."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await reports.collection_rate(connection, quarter, as_of, known_at))

    @router.get("/profit-and-loss")
    async def profit_and_loss(_caller: Bookkeeper, month: Month, known_at: KnownAt = None) -> Response:
        """Return what a month earned, and what it passed on to owners."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await books.profit_and_loss(connection, month, known_at))

    @router.get("/summary")
    async def summary(_caller: Everybody) -> Response:
        """Return the figures of the whole: billed, collected, in suspense."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await questions.summary(connection))
