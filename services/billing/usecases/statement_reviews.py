"""What people say about statement runs: how they get out, what a sampled statement is worth, strike anew, release."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, Strict

from services.billing.db import statement_runs as stored
from services.billing.db.statement_runs import Sampled
from services.billing.domain import refs, statement_runs
from services.billing.domain.statement_runs import SHIPPED, Release, ReleasePolicy, Run, State
from services.billing.usecases.kinds import as_kind
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
from shared.bus.refusals import NotKnownError, NotNowError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.types import Id
from shared.rebuild.likeness import Deed

POLICY, RELEASE, CHECK, RESTRIKE = "statement-policy", "statement-release", "statement-check", "statement-restrike"
_LOCK = ("statement-runs",)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskedPolicy(_Asked):
    """How statements get out from now on; what is left out is as shipped."""

    release: Release
    sample_size: Annotated[int, Strict(), Field(ge=1, le=200)] = SHIPPED.sample_size
    outlier_percent: Annotated[int, Strict(), Field(ge=0, le=10_000)] = SHIPPED.outlier_percent


class AskedRelease(_Asked):
    """The run that is to be issued."""

    run_id: Id


class AskedCheck(_Asked):
    """What an officer says of a sampled statement."""

    run_id: Id
    account_ref: Id
    passed: Annotated[bool, Strict()]


class AskedRestrike(_Asked):
    """The run that is to be replaced by one with what is known today."""

    run_id: Id


async def set_policy(work: Work, content: Json) -> Json:
    """Let runs get out another way from the next quarter's first day on."""
    asked = understood(AskedPolicy, content)
    await work.lock(exclusive=_LOCK)
    connection = await driver(work.session)
    await stored.add_policy(connection, Command.of(work).uid, work.book, ReleasePolicy(**asked.model_dump()))
    return asked.model_dump(mode="json")


async def release(work: Work, content: Json) -> Json:
    """Let a run be issued in the work of the book that is being written; it was looked at, and stands as it did."""
    run = await _releasable(work, content)
    await stored.release(await driver(work.session), run, Command.of(work).uid, work.book)
    return {"run_id": run.run_id, "issued_in": work.book}


async def check(work: Work, content: Json) -> Json:
    """Pass or fail a statement of the sample; the last word holds until the run is released."""
    asked = understood(AskedCheck, content)
    run = await _open(work, asked.run_id)
    connection, ref = await driver(work.session), refs.normalised(asked.account_ref)
    sampled = {one.account_ref: one for one in await stored.load_sample(connection, run.run_id)}
    if ref not in sampled:
        raise NotKnownError(f"{asked.account_ref} is not in the sample of run {run.run_id}.")
    uid = Command.of(work).uid
    await stored.add_check(connection, run.run_id, sampled[ref].account_id, uid, work.book, passed=asked.passed)
    return {"run_id": run.run_id, "account_ref": ref, "passed": asked.passed}


async def restrike(work: Work, content: Json) -> Json:
    """Have the quarter struck anew in the work of the book that is being written, with all that is known then."""
    run = await _open(work, understood(AskedRestrike, content).run_id)
    await stored.ask_anew(await driver(work.session), run.quarter, work.book, Command.of(work).uid)
    return {"quarter": run.quarter, "struck_in": work.book}


async def _releasable(work: Work, content: Json) -> Run:
    """Return the run asked for, if all of its sample passed."""
    run = await _open(work, understood(AskedRelease, content).run_id)
    sample = await stored.load_sample(await driver(work.session), run.run_id)
    refusal = statement_runs.refuse_release(verdicts(sample))
    if refusal is not None:
        raise NotNowError(f"Run {run.run_id} cannot be released: {refusal}.")
    return run


def verdicts(sample: list[Sampled]) -> dict[str, bool | None]:
    """Return what was said of each statement of a sample, by reference."""
    return {one.account_ref: one.passed for one in sample}


async def _open(work: Work, run_id: str) -> Run:
    """Return a run that people may still say something about; none of another state."""
    await work.lock(exclusive=_LOCK)
    connection = await driver(work.session)
    runs = await stored.list_runs(connection, run_id.partition("-")[0])
    run = next((one for one in runs if one.run_id == run_id), None)
    if run is None:
        raise NotKnownError(f"There is no run {run_id}.")
    state = await state_in(connection, run, work.book)
    if state is not State.OPEN:
        raise NotNowError(f"Run {run_id} is {state}; `closebook statements list` shows what is open.")
    return run


async def state_in(connection: asyncpg.Connection, run: Run, book: date) -> State:
    """Return how far a run is in a book."""
    last = (await stored.list_runs(connection, run.quarter))[-1]
    asked_anew = await stored.is_asked_anew(connection, run.quarter, book)
    return statement_runs.state_of(run, book, last.run_no, asked_anew, await stored.released_in(connection, run))


async def _check_policy(_work: Work, content: Json) -> None:
    understood(AskedPolicy, content)


def _about_all(content: Json) -> str:
    understood(AskedPolicy, content)
    return "statements"


RUN_KINDS = (
    as_kind(
        POLICY,
        _about_all,
        set_policy,
        _check_policy,
        frozenset({"finance", "board"}),
        frozenset({"lead-officer", "finance"}),
    ),
    as_kind(RELEASE, named_in(AskedRelease, "run_id"), release, _releasable),
)
"""Declared to the bus: routes and the list of proposals come with them."""

RUN_DEEDS: Mapping[str, Deed] = MappingProxyType(
    {POLICY: set_policy, RELEASE: release, CHECK: check, RESTRIKE: restrike}
)
"""How a rebuild repeats them."""
