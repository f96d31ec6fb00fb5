"""Door 2, people: money that came, whose it is, and what was taken or goes back."""

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field

from services.billing.api.common import Everybody, First, Last, Matcher, Staff, as_json
from services.billing.usecases import bank_imports, matches, payment_questions, refunds, return_questions
from services.billing.usecases import suspense_questions as waiting
from shared.auth import Caller
from shared.bus.bodies import Body, WithReason
from shared.bus.commands import Given, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.types import Id, PositivePence


class MatchRequest(WithReason):
    """The account that a payment is for, and how one knows."""

    account_ref: Id


class Share(Body):
    """What of a payment is for an account."""

    account_ref: Id
    amount_pence: PositivePence


class SplitRequest(WithReason):
    """The accounts that a payment is for, and how one knows; what is not named stays in suspense."""

    shares: tuple[Share, ...] = Field(min_length=1, max_length=200)


class UnmatchRequest(WithReason):
    """Why a payment is nobody's yet."""


class ImportRequest(WithReason, bank_imports.AskedImport):
    """A bank's statement that is about to be published, and where it comes from."""


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions about money that came, and the commands by which people bring it in and say whose it is."""
    _ask(router, doors)
    _bring(router, doors)
    _match(router, doors)


def _ask(router: APIRouter, doors: Doors) -> None:
    @router.get("/suspense")
    async def suspense(_caller: Everybody, since: bool = False) -> Response:
        """Return money nobody matches, and what waits; ``since``: charges say since which book."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await waiting.suspense(connection, since))

    @router.get("/suspense/payments")
    async def unmatched(_caller: Staff) -> Response:
        """Return money nobody matches, by how long it has waited, with the payer's words."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await waiting.unmatched(connection))

    @router.get("/returns")
    async def returned(_caller: Staff, first: First, last: Last) -> Response:
        """Return money that was taken back: why, in plain words, on whose account it falls, and what comes next."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await return_questions.returns(connection, first, last))

    @router.get("/refunds")
    async def refunded(_caller: Staff) -> Response:
        """Return the owners in credit, since when and until when, what may go back to whom, and refunds given."""
        async with snapshot(doors.sessions) as connection:
            return as_json(await refunds.worklist(connection))

    @router.get("/payments/{payment_id:path}")
    async def payment(payment_id: str, _caller: Staff) -> Response:
        """Return one payment: where it stands, what was taken back, what people said about it, who and why."""
        async with snapshot(doors.sessions) as connection:
            answer = await payment_questions.payment(connection, payment_id)
        if answer is None:
            raise HTTPException(404, f"There is no payment {payment_id[:64]}.")
        return as_json(answer)


def _bring(router: APIRouter, doors: Doors) -> None:
    @router.post("/bank-imports")
    async def bring(asked: ImportRequest, caller: Matcher, key: Key = None) -> Response:
        """Keep who publishes a bank's statement, and why, before it is published."""
        content = asked.model_dump(exclude={"reason"})
        subject = f"bank/{asked.bank_account}"
        given = Given(bank_imports.NOTE, subject, caller.subject, asked.reason, content, **named(key))
        return as_json(await give(doors, given, lambda work: bank_imports.note(work, content)))


def _match(router: APIRouter, doors: Doors) -> None:
    async def say(
        kind: str, payment_id: str, shares: matches.Shares, caller: Caller, why: str, key: str | None
    ) -> Response:
        content = matches.content_of(payment_id, shares)
        given = Given(kind, f"payment:{payment_id}", caller.subject, why, content, **named(key))
        return as_json(await give(doors, given, lambda work: matches.say_whose(work, content)))

    @router.post("/payments/{payment_id:path}/match")
    async def match(payment_id: str, asked: MatchRequest, caller: Matcher, key: Key = None) -> Response:
        """Let the whole of a payment stand on an account, with its own value date."""
        return await say(matches.MATCH, payment_id, [(asked.account_ref, None)], caller, asked.reason, key)

    @router.post("/payments/{payment_id:path}/split")
    async def split(payment_id: str, asked: SplitRequest, caller: Matcher, key: Key = None) -> Response:
        """Let parts of a payment stand on accounts; what is not named stays in suspense."""
        shares = [(share.account_ref, share.amount_pence) for share in asked.shares]
        return await say(matches.SPLIT, payment_id, shares, caller, asked.reason, key)

    @router.post("/payments/{payment_id:path}/unmatch")
    async def unmatch(payment_id: str, asked: UnmatchRequest, caller: Matcher, key: Key = None) -> Response:
        """Take a payment back into suspense until somebody says whose it is."""
        return await say(matches.UNMATCH, payment_id, [], caller, asked.reason, key)
