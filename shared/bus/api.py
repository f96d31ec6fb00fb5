"""Door 2 of every service: the operator's bench over HTTP."""

from collections.abc import Awaitable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.auth import Caller, requires
from shared.bus.bench import Bench, NotKnownError, NotNowError
from shared.bus.lag import Lags
from shared.bus.totals import totals

if TYPE_CHECKING:
    from shared.bus.service import Running

READERS = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor", "operator")
Reader = Annotated[Caller, requires(*READERS)]
Proof = Annotated[Caller, requires("auditor", "finance", "operator")]
LetterReader = Annotated[Caller, requires("auditor", "operator")]
Operator = Annotated[Caller, requires("operator")]

_Reason = Annotated[str, Field(min_length=1, max_length=500)]
_T = TypeVar("_T")


class _Command(BaseModel):
    """A command's body: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class WithReason(_Command):
    """Why something is done; kept in the audit."""

    reason: _Reason


class Redrive(_Command):
    """Apply a dead letter again."""

    reason: _Reason = "re-driven"


class Release(_Command):
    """Let quarantined partitions go on: all, a topic's, or one."""

    topic: str | None = None
    partition: int | None = Field(default=None, ge=0)
    reason: _Reason = "released"


class Republish(_Command):
    """Say a book of a topic again."""

    topic: str
    book: date
    reason: _Reason = "republished"


class AcceptDifference(_Command):
    """Let a day close although control totals differ."""

    day: date
    topic: str | None = None
    reason: _Reason


def bus_router(running: "Running") -> APIRouter:
    """Return the bench of a running service."""
    return router_for(
        Bench(
            running.service.name,
            running.doors,
            running.redriver,
            Lags(running.cuts),
            lambda: running.day.waiting_for,
        )
    )


def router_for(bench: Bench) -> APIRouter:
    """Return the routes of a bench."""
    router = APIRouter(prefix="/bus", tags=["bus"])
    _questions(router, bench)
    _letters(router, bench)
    _commands(router, bench)
    return router


def _questions(router: APIRouter, bench: Bench) -> None:
    @router.get("/status")
    async def status(_: Reader) -> dict[str, Any]:
        """Days, outbox, held events, dead letters, and every partition with position and lag."""
        return await bench.status()

    @router.get("/totals")
    async def said_and_heard(_: Proof) -> dict[str, Any]:
        """What was said and heard, by topic, for laying services side by side."""
        return await totals(bench.doors.sessions)


def _letters(router: APIRouter, bench: Bench) -> None:
    @router.get("/dead-letters")
    async def letters(
        _: LetterReader,
        status: Literal["open", "replayed", "discarded"] | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    ) -> list[dict[str, Any]]:
        """Dead letters in the order they came; the next page is asked with ``after`` = the last id."""
        return await bench.letters(status, after, limit)

    @router.get("/dead-letters/{number}")
    async def letter(number: int, caller: LetterReader) -> dict[str, Any]:
        """One dead letter; its bytes only for operators, for they may hold personal data."""
        return await _answered(bench.letter(number, whole="operator" in caller.roles))

    @router.post("/dead-letters/{number}/redrive")
    async def redrive(number: int, caller: Operator, body: Redrive | None = None) -> dict[str, Any]:
        """Apply a dead letter again; twice does no harm."""
        return await _answered(bench.redrive(number, caller.subject, (body or Redrive()).reason))

    @router.post("/dead-letters/{number}/discard")
    async def discard(number: int, caller: Operator, body: WithReason) -> dict[str, Any]:
        """Put a dead letter away for good."""
        return await _answered(bench.discard(number, caller.subject, body.reason))


def _commands(router: APIRouter, bench: Bench) -> None:
    @router.post("/release")
    async def release(caller: Operator, body: Release) -> dict[str, Any]:
        """Let quarantined partitions go on."""
        return await _answered(bench.release(body.topic, body.partition, caller.subject, body.reason))

    @router.post("/republish")
    async def republish(caller: Operator, body: Republish) -> dict[str, Any]:
        """Say a book again."""
        return await _answered(bench.republish(body.topic, body.book, caller.subject, body.reason))

    @router.post("/accept-difference")
    async def accept_difference(caller: Operator, body: AcceptDifference) -> dict[str, Any]:
        """Let a day close although control totals differ."""
        return await _answered(bench.accept_difference(body.day, body.topic, caller.subject, body.reason))


async def _answered(question: Awaitable[_T]) -> _T:
    """Give the bench's refusals their status."""
    try:
        return await question
    except NotKnownError as error:
        raise HTTPException(404, str(error)) from error
    except NotNowError as error:
        raise HTTPException(409, str(error)) from error
