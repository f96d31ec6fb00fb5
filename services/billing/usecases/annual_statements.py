"""Annual statements: an officer asks for a year's, and the work of a day issues them, each account's once for ever.

They go out when the last statements of the year are out, and say what those said: nothing is posted, nothing is due.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, NamedTuple

import asyncpg
from pydantic import Field, Strict

from services.billing.db import annual_funds, statement_runs
from services.billing.db import annual_statements as stored
from services.billing.db.annual_statements import AnnualRow, Asked
from services.billing.db.statements import Payer
from services.billing.domain import annual_statements as rules
from services.billing.usecases.accounts import account_named
from services.billing.usecases.annual_documents import draw_up
from services.billing.usecases.annual_funds import funds_left
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.day import DaySlice
from shared.bus.refusals import NotNowError, understood
from shared.bus.transaction import Sessions
from shared.bus.work import Cause, Work
from shared.db.engine import driver, question
from shared.events.topics import ANNUAL_STATEMENT
from shared.events.types import Id

ASK = "annual-statements"

SOURCE = "closebook/annual"
"""Who issues annual statements: the name of each is its account's and year's for ever."""

PROGRESS = "annual:"
"""Before the year and the account that had its turn last, in a day's progress."""

SLICE = 500
"""Accounts in one transaction."""


class AskedYear(Body):
    """A year whose annual statements are to be issued, to one account or (absent) to all."""

    year: Annotated[int, Strict(), Field(ge=1970, le=9998)]
    account_ref: Id | None = None


class Turn(NamedTuple):
    """The accounts of a year that have their turn; the first ones bring what reserve funds hold, for all."""

    asked: Asked
    payers: list[Payer]
    funds: Mapping[str, int]

    @property
    def is_last(self) -> bool:
        """Whether the year is done with them."""
        return len(self.payers) < SLICE


async def ask(work: Work, content: Json) -> Json:
    """Have a year's annual statements issued in a day's work, to whoever has none yet.  A rebuild does it again."""
    asked = understood(AskedYear, content)
    await work.lock(exclusive=("annual-statements",))
    if work.book < date(asked.year + 1, 1, 1):
        raise NotNowError(f"{asked.year} has not ended: its last statements are still to come.")
    connection = await driver(work.session)
    account_id = await _account(connection, asked) if asked.account_ref is not None else None
    scope = Asked(asked.year, None if account_id is None else (account_id,))
    count = await stored.count_without(connection, scope)
    if not count:
        raise NotNowError(f"Nobody who was sent a statement of {asked.year} is without the annual one.")
    await stored.add_request(connection, Command.of(work).uid, work.book, asked.year, account_id)
    return {"year": asked.year, "account_ref": asked.account_ref, "accounts": count, "asked_in": work.book}


async def _account(connection: asyncpg.Connection, asked: AskedYear) -> str:
    """Return the account asked for, if it has no annual statement of the year yet."""
    row = await account_named(connection, asked.account_ref or "")
    issued_on = await stored.find_issued_on(connection, row.account_id, asked.year)
    if issued_on is not None:
        raise NotNowError(f"{row.account_ref} has its annual statement of {asked.year}, of {issued_on}.")
    return row.account_id


async def first_slice(sessions: Sessions) -> str | None:
    """Return the progress from which annual statements have their turn; nothing when none are asked for."""
    async with question(sessions) as connection:
        return PROGRESS if await stored.list_asked(connection) else None


async def issue_slice(piece: DaySlice, following: str | None) -> None:
    """Issue the annual statements of some accounts; ``following`` is the progress of what comes after all of them."""
    async with question(piece.sessions) as connection:
        turn = await _turn(connection, piece.day, piece.progress.rpartition(":")[2])
    async with piece.open(_progress(turn) or following) as work:
        if turn is not None:
            connection = await driver(work.session)
            await _issue(work, connection, turn)
            if turn.is_last:
                await stored.mark_done(connection, turn.asked.year, piece.day)


def _progress(turn: Turn | None) -> str | None:
    """Return where the next slice begins: behind these accounts, or with the next year; nothing when none is left."""
    if turn is None:
        return None
    return PROGRESS if turn.is_last else f"{PROGRESS}{turn.asked.year}:{turn.payers[-1].account_id}"


async def _turn(connection: asyncpg.Connection, day: date, after: str) -> Turn | None:
    """Return whose turn it is: of the first year that is asked for and billed, the accounts behind ``after``.

    A year that is done is asked for no more, so the next one begins at its first account.
    """
    for asked in await stored.list_asked(connection):
        if await _is_billed(connection, asked.year, day):
            payers = await stored.list_due(connection, asked, after, SLICE)
            first = payers and not after
            return Turn(asked, payers, await funds_left(connection, asked.year, asked.account_ids) if first else {})
    return None


async def _is_billed(connection: asyncpg.Connection, year: int, day: date) -> bool:
    """Say whether the last statements of a year are out, the day's own included."""
    runs = await statement_runs.list_runs(connection, rules.quarters(year)[-1])
    released = [run for run in runs if await statement_runs.released_in(connection, run) is not None]
    return rules.is_billed(year, day, waits=bool(runs) and not released)


async def _issue(work: Work, connection: asyncpg.Connection, turn: Turn) -> None:
    """Say and note the annual statement of each account of a slice."""
    await annual_funds.add_funds(connection, turn.asked.year, work.book, turn.funds)
    said = await draw_up(connection, turn.payers, turn.asked.year, work.book) if turn.payers else []
    for one in said:
        # Named after the year, not the day: two years of an account may go out in slices of one day.
        work.stage(ANNUAL_STATEMENT, one, cause=Cause(SOURCE, f"year:{one.year}"))
    rows = [
        AnnualRow(
            one.account_id, one.year, one.issued_on, one.brought_forward_pence, one.total_pence, one.balance_pence
        )
        for one in said
    ]
    await stored.add_annual_statements(connection, rows)
