"""Door 2, people: questions about accounts and the books, whose money a payment is, the ledger, and the proof."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from services.billing.api import direct_debits, disputes, statements
from services.billing.api.common import STAFF, Matcher, Staff
from services.billing.api.common import as_json as _json
from services.billing.db.reading import Sessions, snapshot
from services.billing.usecases import (
    books,
    cost_model,
    explaining,
    exports,
    final_accounts,
    matching,
    owners_money,
    payments,
    proof,
    questions,
    refunds,
    reports,
    returns,
    scheduling,
    write_offs,
)
from services.billing.usecases import suspense as waiting
from services.billing.usecases.exports import LedgerFormat
from services.billing.usecases.reports import Grouping
from shared.auth import Caller, requires
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.events.types import Id, NaturalPence, PositivePence, Text

BOOKKEEPERS = ("lead-officer", "finance", "board", "auditor")
PROVERS = (*BOOKKEEPERS, "operator")

Bookkeeper = Annotated[Caller, requires(*BOOKKEEPERS)]
Coster = Annotated[Caller, requires("lead-officer", "finance")]
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
Year = Annotated[int, Path(ge=1, le=9998, description="The year in whose April a financial year begins.")]
Month = Annotated[str, Query(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$", description="A month, like 2026-03.")]

_MEDIA = {LedgerFormat.HLEDGER: "text/plain; charset=utf-8", LedgerFormat.CSV: "text/csv; charset=utf-8"}


class MatchRequest(BaseModel):
    """The account that a payment is for, and how one knows."""

    model_config = ConfigDict(extra="forbid")

    account_ref: Id
    reason: Text


class Share(BaseModel):
    """What of a payment is for an account."""

    model_config = ConfigDict(extra="forbid")

    account_ref: Id
    amount_pence: PositivePence


class SplitRequest(BaseModel):
    """The accounts that a payment is for, and how one knows; what is not named stays in suspense."""

    model_config = ConfigDict(extra="forbid")

    shares: tuple[Share, ...] = Field(min_length=1, max_length=200)
    reason: Text


class CostRequest(cost_model.Asked):
    """What factoring cost on a day, and why it is recorded."""

    reason: Text


class UnmatchRequest(BaseModel):
    """Why a payment is nobody's yet."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


def routes(doors: Doors) -> APIRouter:
    """Return the questions the billing service answers, and what officers may tell it."""
    router = APIRouter(default_response_class=Response)
    sessions = doors.sessions
    _ask_accounts(router, sessions)
    _ask_books(router, sessions)
    _ask_figures(router, sessions)
    _ask_owners_money(router, sessions)
    _hand_out(router, sessions)
    _match(router, doors)
    statements.add(router, doors)
    _track_costs(router, doors)
    disputes.add(router, doors)
    direct_debits.add(router, doors)
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
            return _json(await waiting.suspense(connection))

    @router.get("/suspense/payments")
    async def unmatched(_caller: Staff) -> Response:
        """Return money nobody matches, by how long it has waited, with the payer's words."""
        async with snapshot(sessions) as connection:
            return _json(await waiting.unmatched(connection))

    @router.get("/returns")
    async def returned(_caller: Staff, first: First, last: Last) -> Response:
        """Return money that was taken back: why, in plain words, on whose account it falls, and what comes next."""
        async with snapshot(sessions) as connection:
            return _json(await returns.returns(connection, first, last))

    @router.get("/refunds")
    async def refunded(_caller: Staff) -> Response:
        """Return the owners in credit, since when and until when, what may go back to whom, and refunds given."""
        async with snapshot(sessions) as connection:
            return _json(await refunds.worklist(connection))

    @router.get("/payments/{payment_id:path}")
    async def payment(payment_id: str, _caller: Staff) -> Response:
        """Return one payment: where it stands, what was taken back, what people said about it, who and why."""
        async with snapshot(sessions) as connection:
            answer = await payments.payment(connection, payment_id)
        if answer is None:
            raise HTTPException(404, f"There is no payment {payment_id[:64]}.")
        return _json(answer)

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


def _ask_owners_money(router: APIRouter, sessions: Sessions) -> None:
    """Add what is kept for owners: money that is not the factor's."""

    @router.get("/floats")
    async def floats(
        _caller: Staff, by: Grouping = Grouping.BLOCK, as_of: AsOf = None, known_at: KnownAt = None
    ) -> Response:
        """Return the floats asked of owners and held, tied to the ledger, and what owners who come are asked."""
        async with snapshot(sessions) as connection:
            return _json(await owners_money.held(connection, by, as_of, known_at))

    @router.get("/reserve-funds")
    async def reserve_funds(_caller: Staff, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
        """Return each block's reserve fund: paid in, spent, left; tied to the ledger."""
        async with snapshot(sessions) as connection:
            return _json(await owners_money.funds(connection, as_of, known_at))


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


def _match(router: APIRouter, doors: Doors) -> None:
    """Add the commands by which an officer says whose money a payment is."""

    async def say(
        kind: str, payment_id: str, shares: matching.Shares, caller: Caller, why: str, key: str | None
    ) -> Response:
        content = matching.content_of(payment_id, shares)
        given = Given(kind, f"payment:{payment_id}", caller.subject, why, content, **named(key))
        return _json(await give(doors, given, lambda work: matching.say_whose(work, content)))

    @router.post("/payments/{payment_id:path}/match")
    async def match(payment_id: str, asked: MatchRequest, caller: Matcher, key: Key = None) -> Response:
        """Let the whole of a payment stand on an account, with its own value date."""
        return await say(matching.MATCH, payment_id, [(asked.account_ref, None)], caller, asked.reason, key)

    @router.post("/payments/{payment_id:path}/split")
    async def split(payment_id: str, asked: SplitRequest, caller: Matcher, key: Key = None) -> Response:
        """Let parts of a payment stand on accounts; what is not named stays in suspense."""
        shares = [(share.account_ref, share.amount_pence) for share in asked.shares]
        return await say(matching.SPLIT, payment_id, shares, caller, asked.reason, key)

    @router.post("/payments/{payment_id:path}/unmatch")
    async def unmatch(payment_id: str, asked: UnmatchRequest, caller: Matcher, key: Key = None) -> Response:
        """Take a payment back into suspense until somebody says whose it is."""
        return await say(matching.UNMATCH, payment_id, [], caller, asked.reason, key)


def _track_costs(router: APIRouter, doors: Doors) -> None:
    """Add the whole-cost model of the fee: its question, and the costs it counts."""

    @router.get("/cost-model/{year}")
    async def model(
        _caller: Bookkeeper, year: Year, wanted_surplus_pence: NaturalPence = 0, known_at: KnownAt = None
    ) -> Response:
        """Return a financial year: costs + surplus = fees, and the fee a unit would pay to recover its costs."""
        async with snapshot(doors.sessions) as connection:
            return _json(await cost_model.model(connection, year, wanted_surplus_pence, known_at))

    @router.post("/fee-costs")
    async def cost(asked: CostRequest, caller: Coster, key: Key = None) -> Response:
        """Record what factoring cost on a day; negative pence correct."""
        content = asked.model_dump(mode="json", exclude={"reason"})
        given = Given(cost_model.COST, f"cost:{asked.kind}", caller.subject, asked.reason, content, **named(key))
        return _json(await give(doors, given, lambda work: cost_model.record(work, content)))


async def _ledger(sessions: Sessions, form: LedgerFormat) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.ledger(connection, form):
            yield piece


async def _facts(sessions: Sessions) -> AsyncIterator[str]:
    async with snapshot(sessions) as connection:
        async for piece in exports.facts(connection):
            yield piece
