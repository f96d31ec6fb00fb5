"""The answers about statement runs: how they get out, what one says as it was struck, and what one would say now."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.billing.db import invoices, questions, suspense
from services.billing.db import statement_runs as stored
from services.billing.db import statements as stored_statements
from services.billing.db.statement_runs import Sampled
from services.billing.db.statements import Payer
from services.billing.domain import statement_runs, statements
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Cut
from services.billing.domain.statement_runs import Flag, Run, State, Struck, Tally
from services.billing.settings import read_schedule_policy, read_statement_policies
from services.billing.usecases import schedule_questions
from services.billing.usecases.questions import CHUNK, Answer
from services.billing.usecases.statement_reviews import state_in
from services.billing.usecases.statement_runs import PAGE, strike
from shared.bus import gate
from shared.calendar import quarter_days, quarter_of

_YEAR = timedelta(days=365)
_VERDICT = {True: "passed", False: "failed", None: None}


async def runs(connection: asyncpg.Connection) -> Answer:
    """Return how runs get out, who said so and why, and every run that was struck, oldest first."""
    book = (await gate.read(connection)).book
    known = await stored.list_runs(connection)
    return {
        "policy": asdict(await stored.policy(connection)),
        "said": await stored.list_policies(connection),
        "runs": [_head(run, await state_in(connection, run, book)) for run in known],
    }


async def run(connection: asyncpg.Connection, run_id: str, most: int) -> Answer | None:
    """Return one run whole, ``most`` statements of each list; nothing when there is no such run."""
    found = next((one for one in await stored.list_runs(connection) if one.run_id == run_id), None)
    if found is None:
        return None
    tally = Tally(most)
    async for page in stored.struck_pages(connection, run_id, PAGE):
        tally.add(page)
    state = await state_in(connection, found, (await gate.read(connection)).book)
    sample = [_sampled(one) for one in await stored.load_sample(connection, run_id)]
    told = {**_head(found, state), **_figures(tally), "invoices": await _invoices(connection, found.quarter)}
    return {**told, "sample": sample, "beside": await _beside(connection)}


async def dry_run(connection: asyncpg.Connection, most: int) -> Answer:
    """Return what statements would say if they were struck now; nothing is kept.

    They are those of the run that people look at, if it is not released, else of the quarter that is billed next.
    """
    book = (await gate.read(connection)).book
    day, cut = await _now(connection, book)
    percent, tally = (await stored.policy(connection)).outlier_percent, Tally(most)
    released, after = await stored.released_run(connection, book), ""
    while payers := await stored_statements.list_payers(connection, after, CHUNK):
        coming = await _coming(connection, released, book, payers) if released is not None else {}
        tally.add(await strike(connection, payers, day, cut, percent, coming))
        after = payers[-1].account_id
        await asyncio.sleep(0)
    quarter = statements.quarter_billed(day)
    head = {"run_id": None, "quarter": quarter, "known_at": book, "state": "dry-run"}
    told = {**head, **_figures(tally), "invoices": await _invoices(connection, quarter)}
    return {**told, "sample": [], "beside": await _beside(connection)}


async def _now(connection: asyncpg.Connection, book: date) -> tuple[date, Cut]:
    """Return a day of issue and a cut: of the run in hand struck anew, else of the next quarter's first day."""
    quarter = statement_runs.in_hand(book)
    struck = await stored.list_runs(connection, quarter) if quarter is not None else []
    if struck and await state_in(connection, struck[-1], book) in {State.OPEN, State.SUPERSEDED}:
        return book, Run(struck[-1].quarter, len(struck) + 1, book).cut
    first = book if quarter is None else quarter_days(quarter_of(book))[1] + timedelta(days=1)
    return first, Cut(first, book)


async def _coming(
    connection: asyncpg.Connection, released: Run, book: date, payers: Sequence[Payer]
) -> dict[str, StatementHead]:
    """Return by account the statements of a released run that the work of this book will issue as they were struck."""
    struck = await stored.load_struck(connection, released.run_id, [payer.account_id for payer in payers])
    due_on = statements.due_day(read_statement_policies(), book)
    return {
        payer.account_id: statements.head_of(payer.account_ref, released.quarter, book, due_on, released.cut)
        for payer in payers
        if payer.account_id in struck
    }


def _head(one: Run, state: State) -> Answer:
    return {"run_id": one.run_id, "quarter": one.quarter, "known_at": one.known_at, "state": state}


def _figures(tally: Tally) -> Answer:
    """Return totals, what is out of the ordinary, and the largest changes against each account's last statement."""
    return {
        "statements": tally.statements,
        "brought_forward_pence": tally.brought_forward_pence,
        "billed_pence": tally.billed_pence,
        "total_pence": tally.total_pence,
        "balance_pence": tally.balance_pence,
        "exceptions": [
            {"flag": flag, "statements": tally.flags[flag], "largest": _rows(tally.flagged.get(flag, ()))}
            for flag in Flag
        ],
        "changes": _rows(tally.changes),
    }


def _rows(rows: Sequence[Struck]) -> list[Answer]:
    names = ("account_ref", "billed_pence", "before_pence", "change_pence", "balance_pence", "flags")
    return [{name: getattr(row, name) for name in names} for row in rows]


async def _invoices(connection: asyncpg.Connection, quarter: str) -> list[Answer]:
    """Return the invoices that came as more than one charge, with what is new of them in a quarter or since."""
    return [
        {
            "supplier": one.supplier, "invoice_number": one.invoice_number, "why": one.likeness,
            "charges": [charge._asdict() for charge in one.charges],
        }
        for one in await invoices.list_again(connection, quarter_days(quarter)[0])
    ]  # fmt: skip


def _sampled(one: Sampled) -> Answer:
    return {
        "account_ref": one.account_ref, "reasons": one.reasons, "verdict": _VERDICT[one.passed], "who": one.who,
        "why": one.why,
    }  # fmt: skip


async def _beside(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return what stands on no statement today, and why, and what people look at beside the statements.

    Those are increases without notice, lapsed proofs of insurance, reliefs that outlived their owner, units that moved
    to another block's schedule, and accounts with more late fees than the cap.
    """
    waiting: dict[str, int] = {}
    for part in await suspense.list_waiting_parts(connection):
        waiting[part.waiting_for] = waiting.get(part.waiting_for, 0) + part.pence
    known = await schedule_questions.worklist(connection)
    since = (await gate.read(connection)).book - _YEAR
    return {
        "waiting": [{"waiting_for": name, "pence": pence} for name, pence in sorted(waiting.items())],
        "suspense_pence": sum(row.pence for row in await suspense.list_suspended(connection)),
        "lacks_notice": [one["schedule_id"] for one in known if one["lacks_notice"] is not None],
        **{
            name: sorted({unit_id for one in known for unit_id in one[name]})
            for name in ("lapsed", "outlived", "moved")
        },
        "late_fees": await questions.list_late_fees(connection, since, read_schedule_policy().late_fee_cap_pence),
    }
