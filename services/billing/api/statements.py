"""Door 2, people: statement runs that are looked at before they are issued, and an account's year."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import Field

from services.billing.api.common import Staff, as_json
from services.billing.usecases import (
    annual_statement_questions,
    annual_statements,
    statement_reviews,
    statement_run_questions,
)
from shared.auth import Caller, requires
from shared.bus.bodies import WithReason
from shared.bus.commands import Effect, Given, Json, give, named
from shared.bus.proposal_api import Key
from shared.bus.transaction import Doors, Sessions
from shared.db.engine import snapshot
from shared.events.types import Id

Checker = Annotated[Caller, requires("assistant", "lead-officer", "finance")]
Striker = Annotated[Caller, requires("lead-officer", "finance")]
RunId = Annotated[str, Path(max_length=20, description="The run's name, like 2026Q1-1.")]
Most = Annotated[int, Query(ge=1, le=1000, description="How many statements of each list.")]


class CheckRequest(WithReason):
    """What an officer says of a sampled statement, and why."""

    account_ref: Id
    passed: bool


class RestrikeRequest(WithReason):
    """Why a quarter is to be struck anew."""


class AnnualRequest(WithReason):
    """The year of which annual statements are to be issued, to all accounts or one, and why."""

    year: Annotated[int, Field(ge=1970, le=9998, strict=True)]
    account_ref: Id | None = None


def add(router: APIRouter, doors: Doors) -> None:
    """Add the questions and commands about statement runs, and about accounts' years."""
    _ask(router, doors.sessions)
    _say(router, doors)


def _ask(router: APIRouter, sessions: Sessions) -> None:
    @router.get("/statement-runs")
    async def runs(_caller: Staff) -> Response:
        """Return how statements get out, and every run that was struck with how far it is."""
        async with snapshot(sessions) as connection:
            return as_json(await statement_run_questions.runs(connection))

    @router.get("/statement-runs/dry-run")
    async def dry_run(_caller: Staff, most: Most = 20) -> Response:
        """Return what statements would say if they were struck now; nothing is kept."""
        async with snapshot(sessions) as connection:
            return as_json(await statement_run_questions.dry_run(connection, most))

    @router.get("/statement-runs/{run_id}")
    async def run(run_id: RunId, _caller: Staff, most: Most = 20) -> Response:
        """Return a run: totals, exceptions, the largest changes, its sample with the verdicts."""
        async with snapshot(sessions) as connection:
            answer = await statement_run_questions.run(connection, run_id, most)
        if answer is None:
            raise HTTPException(404, f"There is no run {run_id}.")
        return as_json(answer)

    @router.get("/accounts/{reference}/annual/{year}")
    async def year(
        reference: Annotated[str, Path(max_length=64)], year: Annotated[int, Path(ge=1970, le=9998)], _caller: Staff
    ) -> Response:
        """Return what an account was charged in a year's four statements, and for what work."""
        async with snapshot(sessions) as connection:
            answer = await annual_statement_questions.annual_statement(connection, reference, year)
        if answer is None:
            raise HTTPException(404, f"No account has the reference {reference}.")
        return as_json(answer)


def _say(router: APIRouter, doors: Doors) -> None:
    async def say(
        kind: str, subject: str, caller: Caller, why: str, key: str | None, content: Json, effect: Effect
    ) -> Response:
        return as_json(await give(doors, Given(kind, subject, caller.subject, why, content, **named(key)), effect))

    @router.post("/statement-runs/{run_id}/checks")
    async def check(run_id: RunId, asked: CheckRequest, caller: Checker, key: Key = None) -> Response:
        """Pass or fail a statement of the sample; the last word holds until the run is released."""
        content = {"run_id": run_id, "account_ref": asked.account_ref, "passed": asked.passed}
        subject = f"statement:{asked.account_ref}"
        return await say(
            statement_reviews.CHECK,
            subject,
            caller,
            asked.reason,
            key,
            content,
            lambda work: statement_reviews.check(work, content),
        )

    @router.post("/statement-runs/{run_id}/restrike")
    async def restrike(run_id: RunId, asked: RestrikeRequest, caller: Striker, key: Key = None) -> Response:
        """Have the quarter struck anew in the work of the day, with all that is known then."""
        content = {"run_id": run_id}
        return await say(
            statement_reviews.RESTRIKE, f"run:{run_id}", caller, asked.reason, key, content,
            lambda work: statement_reviews.restrike(work, content),
        )  # fmt: skip

    @router.post("/annual-statements")
    async def issue_year(asked: AnnualRequest, caller: Striker, key: Key = None) -> Response:
        """Have the annual statements of a year issued in the work of the day, to whoever has none of it yet."""
        content = {"year": asked.year, "account_ref": asked.account_ref}
        return await say(
            annual_statements.ASK, f"year:{asked.year}", caller, asked.reason, key, content,
            lambda work: annual_statements.ask(work, content),
        )  # fmt: skip
