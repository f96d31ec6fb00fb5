"""Door 2, people: the books themselves, whole: their balance, a quarter, the ledger to take away, the proof."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from services.billing.api.common import BOOKKEEPERS, QUARTER, AsOf, Bookkeeper, KnownAt, as_json
from services.billing.usecases import books, exports, questions, verify
from services.billing.usecases.exports import LedgerFormat
from shared.auth import Caller, requires
from shared.bus.transaction import Doors, Sessions
from shared.db.engine import snapshot

PROVERS = (*BOOKKEEPERS, "operator")

Prover = Annotated[Caller, requires(*PROVERS)]
Comparer = Annotated[Caller, requires("assistant", *BOOKKEEPERS)]
# Whoever brings a bank's statement in leaves out what is there already.

_MEDIA = {LedgerFormat.HLEDGER: "text/plain; charset=utf-8", LedgerFormat.CSV: "text/csv; charset=utf-8"}


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions about the books."""

    @router.get("/trial-balance")
    async def trial_balance(_caller: Bookkeeper, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return what stands on each ledger account, and both totals."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await questions.trial_balance(connection, as_of, known_at))

    @router.get("/periods/{quarter}")
    async def period(_caller: Bookkeeper, quarter: Annotated[str, Path(pattern=QUARTER)]) -> Response:
        """Return what a quarter's books posted to each ledger account; closed, it never changes."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await books.period(connection, quarter))

    @router.get("/export/ledger")
    async def export(
        _caller: Bookkeeper, form: Annotated[LedgerFormat, Query(alias="format")] = LedgerFormat.HLEDGER
    ) -> StreamingResponse:
        """Stream the whole ledger, every posting with its cause."""
        return await _streamed(_ledger(doors.sessions, form), _MEDIA[form])

    @router.get("/export/facts")
    async def facts(_caller: Comparer) -> StreamingResponse:
        """Stream each charge, credit, payment and reversal that was told as a line of JSON, to compare with a list."""
        return await _streamed(_facts(doors.sessions), "application/x-ndjson")

    @router.get("/verify")
    async def proof(_caller: Prover) -> Response:
        """Return whether the books prove themselves, and each account's sums for other services to compare."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await verify.verify(connection))


async def _streamed(pieces: AsyncIterator[str], media_type: str) -> StreamingResponse:
    """Begin an answer when its first piece is there: before that it can still be a refusal."""
    first = await anext(pieces, "")
    return StreamingResponse(_whole(first, pieces), media_type=media_type)


async def _whole(first: str, others: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for piece in others:
        yield piece


async def _ledger(sessions: Sessions, form: LedgerFormat) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.ledger(connection, form):
            yield piece


async def _facts(sessions: Sessions) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.facts(connection):
            yield piece
