"""A day's work on statements: issue them, strike them for people to look at, or issue a run that was released."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

import asyncpg

from services.billing.db import statement_runs as stored
from services.billing.db import statements as stored_statements
from services.billing.db.statements import Payer
from services.billing.domain import statement_runs, statements
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Cut
from services.billing.domain.statement_runs import Release, Run, Sample, Struck
from services.billing.usecases.statements import draw_up, issue
from shared.bus.work import Work
from shared.db.engine import driver
from shared.log_events import LogEvent

PAGE = 2_000
"""Statements of a run that are read at a time."""

PATIENCE = timedelta(days=7)
"""A run that people have looked at for so long is named in the log every day."""

_DAY = timedelta(days=1)


class Act(Enum):
    """What a day does about statements."""

    NOTHING = auto()
    ISSUE = auto()
    STRIKE = auto()


class Duty(NamedTuple):
    """What a day does about statements, the same for all its slices; an automatic run has no ``run``."""

    act: Act
    run: Run | None = None


async def duty_on(connection: asyncpg.Connection, day: date) -> Duty:
    """Return what the work of a day does: everything it depends on was said in books up to that day."""
    released = await stored.released_run(connection, day)
    if released is not None:
        return Duty(Act.ISSUE, released)
    quarter = statements.quarter_billed(day)
    if statements.is_issue_day(day):
        is_reviewed = (await stored.policy(connection)).release is Release.REVIEWED
        return Duty(Act.STRIKE, Run(quarter, 1, day)) if is_reviewed else Duty(Act.ISSUE)
    if await stored.is_asked_anew(connection, quarter, day):
        earlier = [run for run in await stored.list_runs(connection, quarter) if run.known_at < day]
        return Duty(Act.STRIKE, Run(quarter, len(earlier) + 1, day))
    return Duty(Act.NOTHING)


async def payers_of(connection: asyncpg.Connection, duty: Duty, after: str, most: int) -> list[Payer]:
    """Return the next accounts that have their turn, in order of account_id."""
    if duty.act is Act.NOTHING:
        return []
    if duty.act is Act.ISSUE and duty.run is not None:
        return await stored.list_drafted(connection, duty.run.run_id, after, most)
    return await stored_statements.list_payers(connection, after, most)


async def work_slice(work: Work, duty: Duty, day: date, payers: Sequence[Payer], *, is_last: bool) -> None:
    """Do the duty for a slice of accounts; the last slice of a strike also draws the sample and makes the run known."""
    if duty.act is Act.ISSUE and payers:
        await issue(work, day, payers, duty.run.cut if duty.run is not None else None)
    if duty.act is Act.STRIKE and duty.run is not None:
        connection = await driver(work.session)
        policy = await stored.policy(connection)
        if payers:
            rows = await strike(connection, payers, duty.run.known_at, duty.run.cut, policy.outlier_percent)
            await stored.add_struck(connection, duty.run.run_id, rows)
        if is_last:
            await _draw(work, connection, duty.run, policy.sample_size)
            await stored.add_run(connection, duty.run)
    strikes_anew = duty.act is Act.STRIKE and not statements.is_issue_day(day)
    if is_last and not strikes_anew:
        await _remind(work, day)


async def strike(
    connection: asyncpg.Connection,
    payers: Sequence[Payer],
    day: date,
    cut: Cut,
    percent: int,
    coming: Mapping[str, StatementHead] = MappingProxyType({}),
) -> list[Struck]:
    """Return what the statements of a slice of accounts would say if they were cut there, after those that are coming.

    ``coming`` are statements by account that are released and not issued yet.
    """
    drawn = await draw_up(connection, payers, day, cut, coming)
    return [
        statement_runs.strike(
            payer.account_id, payer.account_ref, draft, drawn.lines.get(payer.account_id, ()),
            drawn.heads.get(payer.account_id, ()), percent,
        )
        for payer, draft in drawn.drafts
    ]  # fmt: skip


async def _draw(work: Work, connection: asyncpg.Connection, run: Run, size: int) -> None:
    """Draw the sample of a run that is struck whole."""
    sample: Sample = {}
    count = 0
    async for page in stored.struck_pages(connection, run.run_id, PAGE):
        sample = statement_runs.drawn(sample, page, run.run_id, size)
        count += len(page)
    refs = {one.account_id: one.account_ref for members in sample.values() for one in members}
    why = statement_runs.reasons(sample)
    await stored.add_sample(connection, run.run_id, {name: (ref, why[name]) for name, ref in refs.items()})
    work.tell(LogEvent.STATEMENTS_STRUCK, run_id=run.run_id, count=count, sampled=len(refs))


async def _remind(work: Work, day: date) -> None:
    """Leave a line of a run that waits for people, and of one for which the day comes too late."""
    connection = await driver(work.session)
    last = await stored.last_run(connection, day)
    if last is None or await stored.released_in(connection, last) is not None:
        return
    if statements.is_issue_day(day):
        if statement_runs.in_hand(day - _DAY) == last.quarter:
            work.tell(LogEvent.STATEMENTS_LAPSED, run_id=last.run_id, day=day.isoformat())
    elif statement_runs.in_hand(day) == last.quarter and day - last.known_at >= PATIENCE:
        work.tell(LogEvent.STATEMENTS_WAIT, run_id=last.run_id, day=day.isoformat())
