"""Door 2 of every service: the operator's bench over HTTP."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from shared.auth import Caller, requires
from shared.bus import audit, queries
from shared.bus.bench import Bench
from shared.bus.bodies import Body, RowNumber, WithReason
from shared.bus.commands import Given
from shared.bus.kinds import BUS_KINDS
from shared.bus.lag import Lags
from shared.bus.proposal_api import Key, add_proposals
from shared.bus.proposals import Proposals
from shared.bus.totals import totals
from shared.events.types import Id, Text

if TYPE_CHECKING:
    from shared.bus.service import Running

READERS = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor", "operator")
Reader = Annotated[Caller, requires(*READERS)]
Proof = Annotated[Caller, requires("auditor", "finance", "operator")]
LetterReader = Annotated[Caller, requires("lead-officer", "finance", "auditor", "operator")]
Limit = Annotated[int, Query(ge=1, le=5000)]
Operator = Annotated[Caller, requires("operator")]
Discarder = Annotated[Caller, requires("operator", "finance", "lead-officer")]
_HIGHEST_PARTITION = 2**31 - 1
_NO_REASON = "no reason was given"
"""What the audit says of a command that may be given without one."""


class Redrive(Body):
    """Apply a dead letter again; ``dry_run``: only say what would become of it."""

    reason: Text = "re-driven"
    dry_run: bool = False


class Release(Body):
    """Let quarantined partitions go on: all, a topic's, or one."""

    topic: Id | None = None
    partition: int | None = Field(default=None, ge=0, le=_HIGHEST_PARTITION)
    reason: Text = _NO_REASON


class Republish(Body):
    """Say a book of a topic again."""

    topic: Id
    book: date
    reason: Text = _NO_REASON


class AcceptDifference(WithReason):
    """Let a day close although control totals differ."""

    day: date
    topic: Id | None = None


def bus_router(running: "Running") -> APIRouter:
    """Return the routes of a running service's bench."""
    return router_for(bench_of(running))


def bench_of(running: "Running") -> Bench:
    """Return the bench of a running service."""
    return Bench(
        running.service.name,
        running.api_doors,
        running.redriver,
        Lags(running.cuts),
        lambda: running.day.waiting_for,
        Proposals(running.api_doors, (*BUS_KINDS, *running.service.kinds)),
        running.pump.stops,
        lambda: running.day.retrying,
    )


def router_for(bench: Bench) -> APIRouter:
    """Return the routes of a bench."""
    router = APIRouter(prefix="/bus", tags=["bus"])
    _questions(router, bench)
    _letters(router, bench)
    _commands(router, bench)
    add_proposals(router, bench.proposals)
    return router


def _questions(router: APIRouter, bench: Bench) -> None:
    @router.get("/status")
    async def status(_: Reader) -> dict[str, Any]:
        """Days, outbox, held events, dead letters, and every partition with position and lag."""
        return await bench.status()

    @router.get("/totals")
    async def said_and_heard(_: Proof) -> dict[str, Any]:
        """What was said and heard, by topic, for laying services side by side."""
        return await totals(bench.doors.sessions, bench.service)

    @router.get("/held")
    async def held(_: Reader, after: UUID | None = None, limit: Limit = 1000) -> list[dict[str, Any]]:
        """Events that wait, for what and since when; the next page is asked with ``after`` = the last name."""
        return await bench.rows(queries.HELD, after, limit)

    @router.get("/audit")
    async def audited(_: Proof, after: RowNumber = 0, limit: Limit = 1000) -> list[dict[str, Any]]:
        """What people did, with who and why; the next page is asked with ``after`` = the last id."""
        return await bench.rows(audit.ENTRIES, after, limit)


def _letters(router: APIRouter, bench: Bench) -> None:
    @router.get("/dead-letters")
    async def letters(
        _: LetterReader,
        status: Literal["open", "replayed", "discarded"] | None = None,
        after: RowNumber = 0,
        limit: Limit = 1000,
        group: Annotated[str | None, Query(max_length=64)] = None,
    ) -> list[dict[str, Any]]:
        """Dead letters in the order they came; the next page is asked with ``after`` = the last id."""
        return await bench.letters(status, after, limit, group)

    @router.get("/dead-letter-groups")
    async def groups(_: LetterReader) -> list[dict[str, Any]]:
        """Open dead letters by what is wrong with them, the largest group first."""
        return await bench.rows(queries.GROUPS)

    @router.get("/dead-letters/{number}")
    async def letter(number: RowNumber, caller: LetterReader) -> dict[str, Any]:
        """One dead letter; its bytes only for operators, and noted, for they may hold personal data."""
        if "operator" in caller.roles:
            return await bench.whole_letter(number, caller.subject)
        return await bench.letter(number)

    @router.post("/dead-letters/{number}/redrive")
    async def redrive(number: RowNumber, caller: Operator, body: Redrive | None = None) -> dict[str, Any]:
        """Apply a dead letter again; twice does no harm."""
        asked = body or Redrive()
        subject, content = f"dead-letter:{number}", {"dead_letter": number}
        given = Given("dead-letter-redrive", subject, caller.subject, asked.reason, content)
        return await bench.redrive(number, given, dry_run=asked.dry_run)

    @router.post("/dead-letters/{number}/discard")
    async def discard(
        number: RowNumber, caller: Discarder, body: WithReason, response: Response, key: Key = None
    ) -> dict[str, Any]:
        """Put a dead letter away for good; one that carries money waits for a second person (202)."""
        return _proposed(response, await bench.discard(number, caller, body.reason, key))


def _commands(router: APIRouter, bench: Bench) -> None:
    @router.post("/release")
    async def release(caller: Operator, body: Release, key: Key = None) -> dict[str, Any]:
        """Let quarantined partitions go on."""
        return await bench.release(body.topic, body.partition, caller.subject, body.reason, key)

    @router.post("/republish")
    async def republish(caller: Operator, body: Republish, key: Key = None) -> dict[str, Any]:
        """Say a book again."""
        return await bench.republish(body.topic, body.book, caller.subject, body.reason, key)

    @router.post("/accept-difference")
    async def accept_difference(
        caller: Operator, body: AcceptDifference, response: Response, key: Key = None
    ) -> dict[str, Any]:
        """Propose that a day may close although control totals differ; a second person decides (202)."""
        return _proposed(response, await bench.accept_difference(body.day, body.topic, caller, body.reason, key))


def _proposed(response: Response, answer: dict[str, Any]) -> dict[str, Any]:
    """Give an answer that waits for a second person its status."""
    if "proposal" in answer:
        response.status_code = 202
    return answer
