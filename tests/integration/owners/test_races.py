"""Several processes of the owners service at once: nothing is missed, whoever comes first."""

import asyncio
from collections.abc import Sequence
from random import Random

import asyncpg
import pytest

from services.owners.usecases.verify import verify
from shared.bus.letters import Taken
from shared.db.engine import snapshot
from tests.integration.owners.conftest import Desk
from tests.integration.owners.portfolio import a_portfolio, expected_lines

_TRY_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


async def work_off(desk: Desk, batches: Sequence[list[Taken]]) -> None:
    """Apply batches one after the other, each until it succeeds, as the pump does."""
    for batch in batches:
        while True:
            try:
                await desk.apply(batch, desk.book)
                break
            except _TRY_AGAIN:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_processes_that_race_for_the_same_units_end_with_the_same_lines(desk: Desk, seed: int) -> None:
    random = Random(seed)
    story = a_portfolio(20, random)
    taken = [desk.taken(data) for data in story]
    batches = [taken[start : start + 3] for start in range(0, len(taken), 3)]
    await asyncio.gather(*(work_off(desk, batches[number::4]) for number in range(4)))
    assert await desk.held() == []
    assert await desk.dead() == []
    for unit_id, line in expected_lines(story).items():
        said = await desk.line(unit_id)
        assert (said.line, said.without_period) == (line.periods, line.without_period)
    async with snapshot(desk.sessions) as connection:
        assert [check.detail for check in await verify(connection) if not check.ok] == []
