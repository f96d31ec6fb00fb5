"""A reviewed statement run: agreed on, struck by a day, looked at and released by people, issued by the next day."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from services.billing.db import statement_runs as stored
from services.billing.usecases import statement_reviews
from shared.bus import gate
from shared.bus.commands import Given, Json, give
from shared.bus.transaction import Doors
from shared.bus.work import Work
from shared.db.engine import question
from tests.crashes import closing
from tests.crashes.case import Case
from tests.crashes.fuse import ANSWERED
from tests.crashes.parts import billing_of, watching
from tests.crashes.story import DAY

RUN = "2026Q1-1"
NEXT = DAY + timedelta(days=1)


async def agree(case: Case) -> None:
    """Two people agree to look at statements from now on."""
    async with billing_of(case) as running:
        content = {"release": "reviewed", "sample_size": 2}
        await _say(running.doors, Given(statement_reviews.POLICY, "statements", "lea", "agreed", content, "1", "bo"))


async def release(case: Case) -> None:
    """Pass every statement of the sample and release the run: each word under a name of its own, so given once."""
    async with billing_of(case) as running:
        await asyncio.create_task(look_and_release(running.doors))


async def look_and_release(doors: Doors) -> None:
    """Say all that people say of a run."""
    async with question(doors.sessions) as connection:
        sample = await stored.load_sample(connection, RUN)
    for one in sample:
        content: Json = {"run_id": RUN, "account_ref": one.account_ref, "passed": True}
        await _say(
            doors,
            Given(statement_reviews.CHECK, f"statement:{one.account_ref}", "ada", "read", content, one.account_ref),
        )
    await _say(doors, Given(statement_reviews.RELEASE, RUN, "lea", "all passed", {"run_id": RUN}, "2", "bo"))


async def _say(doors: Doors, given: Given) -> None:
    async def effect(work: Work) -> Json:
        return await statement_reviews.RUN_DEEDS[given.kind](work, given.content)

    await give(doors, given, effect)


async def issue(case: Case) -> None:
    """Work the day after the release, in whose book it was said."""
    async with watching(case) as connection:
        if (await gate.read(connection)).last_closed == DAY:
            with suppress(gate.GateClosedError):  # it is under way since before the crash
                await gate.shut(connection, NEXT)
    await closing.close(case, billing_of, NEXT)


_DAY = (closing.COUNTED, closing.MOMENTS)
WORKS: dict[str, tuple[Callable[[Case], Awaitable[None]], frozenset[str], frozenset[str]]] = {
    "agreeing": (agree, frozenset(), frozenset()),
    "striking": (closing.work, *_DAY),
    "releasing": (release, frozenset({"look_and_release"}), frozenset({ANSWERED})),
    "issuing": (issue, *_DAY),
}
"""The works of a reviewed run, each beginning where those before it end."""
