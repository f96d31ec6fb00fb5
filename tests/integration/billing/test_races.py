"""Several processes of billing at once: whoever comes first, nothing is missed and no account is told wrong."""

import asyncio
from collections.abc import Sequence
from random import Random

import asyncpg
import pytest

from shared.bus.letters import Taken
from shared.bus.work import Cause, Work
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.test_histories import a_history

_TRY_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.UniqueViolationError)


async def work_off(desk: Desk, batches: Sequence[list[Taken]]) -> None:
    """Apply batches one after the other, each until it succeeds, as the pump does."""
    for batch in batches:
        while True:
            try:
                async with desk.sessions.begin() as session:
                    work = Work(session, service="billing", book=desk.book, cause=Cause("test", "race"))
                    await desk.applier.apply(work, batch)
                break
            except _TRY_AGAIN:
                await asyncio.sleep(0.01)


def by_lane(taken: Sequence[Taken], lanes: int) -> list[list[list[Taken]]]:
    """Share records out by key, as partitions do, and cut each lane's into small batches."""
    shared: list[list[Taken]] = [[] for _ in range(lanes)]
    for item in taken:
        shared[hash((item.record.topic, item.record.key)) % lanes].append(item)
    return [[lane[start : start + 3] for start in range(0, len(lane), 3)] for lane in shared]


@pytest.mark.parametrize("seed", range(4))
async def test_processes_that_race_end_where_one_alone_ends(desks: Desks, seed: int) -> None:
    events = a_history(Random(seed))
    alone, racing = await desks(), await desks()
    await alone.hear_each(*events)
    lanes = by_lane([racing.taken(event) for event in events], 4)
    await asyncio.gather(*(work_off(racing, lane) for lane in lanes))
    assert await racing.held() == []
    assert await racing.balances() == await alone.balances()
    assert await racing.wrong() == []
    gaps = await racing.rows(
        "select topic, msg_key from msg.event_log group by 1, 2 having max(aggver) <> count(*) or min(aggver) <> 1"
    )
    assert gaps == []
