"""Door 2, people: questions about accounts and the books, the ledger for other programs, and the proof."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import StreamingResponse

from services.billing.db.reading import Sessions, snapshot
from services.billing.usecases import (
    books,
    explaining,
    exports,
    final_accounts,
    proof,
    questions,
    reports,
    scheduling,
    write_offs,
)
from services.billing.usecases.exports import LedgerFormat
from services.billing.usecases.reports import Grouping
from shared.auth import Caller, requires

STAFF = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor")
BOOKKEEPERS = ("lead-officer", "finance", "board", "auditor")
PROVERS = (*BOOKKEEPERS, "operator")

Staff = Annotated[Caller, requires(*STAFF)]
Bookkeeper = Annotated[Caller, requires(*BOOKKEEPERS)]
Prover = Annotated[Caller, requires(*PROVERS)]
AsOf = Annotated[
    date | None, Query(description="Count what has this value date or an earlier one; absent: everything.")
]
KnownAt = Annotated[date | None, Query(description="As known at the end of this book (a business day); absent: now.")]
Reference = Annotated[str, Path(max_length=64, description="The account's reference, as on its statements.")]
First = Annotated[date, Query(alias="from", description="The first day, by value date.")]
Last = Annotated[date, Query(alias="to", description="The last day, included.")]
QUARTER = r"^[1-9][0-9]{3}-?Q[1-4]$"
Quarter = Annotated[str, Query(pattern=QUARTER, description="A calendar quarter, like 2026-Q1.")]
Month = Annotated[str, Query(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$", description="A month, like 2026-03.")]

_MEDIA = {LedgerFormat.HLEDGER: "text/plain; charset=utf-8", LedgerFormat.CSV: "text/csv; charset=utf-8"}


def routes(sessions: Sessions) -> APIRouter:
    """Return the questions the billing service answers."""
    router = APIRouter(default_response_class=Response)
    _ask_accounts(router, sessions)
    _ask_books(router, sessions)
    _ask_figures(router, sessions)
    _hand_out(router, sessions)
    return router


def _ask_accounts(router: APIRouter, sessions: Sessions) -> None:
    """Add the questions about accounts."""

    @router.get("/accounts")
    async def accounts(_caller: Staff, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return every account with its days, owners, balance, and what is due and overdue of it."""
        async with snapshot(sessions) as connection:
            return _json(await questions.accounts(connection, as_of, known_at))

    @router.get("/accounts/{reference}")
    async def account(reference: Reference, _caller: Staff, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return one account whole: lines with their causes, open items, ageing, allocations, statements."""
        async with snapshot(sessions) as connection:
            answer = await questions.account(connection, reference, as_of, known_at)
        if answer is None:
            raise HTTPException(404, f"No account has the reference {reference}.")
        return _json(answer)

    @router.get("/accounts/{reference}/charges/{charge_id:path}")
    async def explain(reference: Reference, charge_id: str, _caller: Staff) -> Response:
        """Return how an account's pence of a charge came about, step by step."""
        async with snapshot(sessions) as connection:
            answer = await explaining.explain(connection, reference, charge_id)
        if answer is None:
            raise HTTPException(404, f"No account {reference}, or no charge {charge_id[:64]}.")
        return _json(answer)

    @router.get("/final-accounts")
    async def finals(_caller: Staff) -> Response:
        """Return every account whose owner has left: exit, due day, hard stop, state, what is missing."""
        async with snapshot(sessions) as connection:
            return _json(await final_accounts.worklist(connection))


def _ask_books(router: APIRouter, sessions: Sessions) -> None:
    """Add the questions about the whole."""

    @router.get("/trial-balance")
    async def trial_balance(_caller: Bookkeeper, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return what stands on each ledger account, and both totals."""
        async with snapshot(sessions) as connection:
            return _json(await questions.trial_balance(connection, as_of, known_at))

    @router.get("/suspense")
    async def suspense(_caller: Staff) -> Response:
        """Return money nobody matches, and charges, credits and reversals that wait."""
        async with snapshot(sessions) as connection:
            return _json(await questions.suspense(connection))

    @router.get("/summary")
    async def summary(_caller: Annotated[Caller, requires(*STAFF, "operator")]) -> Response:
        """Return the figures of the whole: billed, collected, in suspense."""
        async with snapshot(sessions) as connection:
            return _json(await questions.summary(connection))

    @router.get("/verify")
    async def verify(_caller: Prover) -> Response:
        """Return whether the books prove themselves, and each account's sums for other services to compare."""
        async with snapshot(sessions) as connection:
            return _json(await proof.verify(connection))


def _ask_figures(router: APIRouter, sessions: Sessions) -> None:
    """Add the figures that are told: each says as of when, as known when, and from which ledger accounts."""

    @router.get("/aged-debt")
    async def aged_debt(
        _caller: Staff, by: Grouping = Grouping.BLOCK, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return what is owed by days past due, tied to the ledger."""
        async with snapshot(sessions) as connection:
            return _json(await reports.aged_debt(connection, by, as_of, known_at))

    @router.get("/schedules")
    async def schedules(_caller: Staff) -> Response:
        """Return every schedule of fees and premiums: what holds, what lacks its notice, whose proof has lapsed."""
        async with snapshot(sessions) as connection:
            return _json(await scheduling.worklist(connection))

    @router.get("/write-offs")
    async def given_up(_caller: Bookkeeper) -> Response:
        """Return every debt that was written off, and what was paid of it after all."""
        async with snapshot(sessions) as connection:
            return _json(await write_offs.worklist(connection))

    @router.get("/movement")
    async def movement(_caller: Bookkeeper, first: First, last: Last, known_at: KnownAt = None) -> Response:
        """Return how receivables came from their opening to their closing balance."""
        if last < first:
            raise HTTPException(422, "to is before from: name the first day as from, the last as to.")
        async with snapshot(sessions) as connection:
            return _json(await reports.movement(connection, first, last, known_at))

    @router.get("/collection-rate")
    async def collection_rate(
        _caller: Staff, quarter: Quarter, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return how much of what fell due in a quarter, and of a year's charges, was paid."""
        async with snapshot(sessions) as connection:
            return _json(await reports.collection_rate(connection, quarter, as_of, known_at))

    @router.get("/profit-and-loss")
    async def profit_and_loss(_caller: Bookkeeper, month: Month, known_at: KnownAt = None) -> Response:
        """Return what a month earned, and what it passed on to owners."""
        async with snapshot(sessions) as connection:
            return _json(await books.profit_and_loss(connection, month, known_at))

    @router.get("/periods/{quarter}")
    async def period(_caller: Bookkeeper, quarter: Annotated[str, Path(pattern=QUARTER)]) -> Response:
        """Return what a quarter's books posted to each ledger account; closed, it never changes."""
        async with snapshot(sessions) as connection:
            return _json(await books.period(connection, quarter))


def _hand_out(router: APIRouter, sessions: Sessions) -> None:
    """Add what other programs take away whole."""

    @router.get("/export/ledger")
    async def export(
        _caller: Bookkeeper, form: Annotated[LedgerFormat, Query(alias="format")] = LedgerFormat.HLEDGER
    ) -> StreamingResponse:
        """Stream the whole ledger, every posting with its cause."""
        return StreamingResponse(_ledger(sessions, form), media_type=_MEDIA[form])

    @router.get("/export/facts")
    async def facts(_caller: Bookkeeper) -> StreamingResponse:
        """Stream every charge and payment as it was told, one JSON object a line, to compare with another system."""
        return StreamingResponse(_facts(sessions), media_type="application/x-ndjson")


async def _ledger(sessions: Sessions, form: LedgerFormat) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.ledger(connection, form):
            yield piece


async def _facts(sessions: Sessions) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.facts(connection):
            yield piece


def _json(answer: Any) -> Response:
    """Write an answer as JSON; days become ISO dates."""
    return Response(json.dumps(answer, default=str, ensure_ascii=False), media_type="application/json")
