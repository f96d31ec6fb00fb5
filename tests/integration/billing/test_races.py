"""Several processes of billing at once: whoever comes first, nothing is missed and no account is told wrong."""

import asyncio
from collections.abc import Sequence
from random import Random

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.letters import Taken
from shared.bus.work import Cause, Disposition, Work
from shared.events.base import EventData
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_payment, a_reversal
from tests.integration.billing.test_histories import a_history

_TRY_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


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


async def decided(desk: Desk, session: AsyncSession, item: Taken) -> tuple[Disposition, str]:
    """Apply one record in an open transaction; return what became of it, and why."""
    work = Work(session, service="billing", book=desk.book, cause=Cause("test", "race"))
    outcome = await desk.applier.apply(work, [item])
    return outcome.verdicts[0][1].disposition, outcome.verdicts[0][1].reason


@pytest.mark.parametrize(
    "said",
    [
        (a_credit("K1", "C1", 100, on="2026-01-03"), a_credit("K1", "C2", 100, on="2026-01-03")),
        (a_reversal("R1", "P1", 100, on="2026-01-03"), a_reversal("R1", "P2", 100, on="2026-01-03")),
    ],
)
async def test_of_two_that_use_one_id_at_the_same_moment_the_later_is_a_conflict(
    desks: Desks, said: tuple[EventData, EventData]
) -> None:
    """They come on two partitions, for they are about two charges, or two payments."""
    desk = await desks()
    await desk.hear(*(a_charge(charge_id, 1_000, unit="U1", on="2026-01-02") for charge_id in ("C1", "C2")))
    await desk.hear(*(a_payment(payment_id, 1_000, on="2026-01-02") for payment_id in ("P1", "P2")))
    first, later = (desk.taken(event) for event in said)
    async with desk.sessions.begin() as session:
        assert await decided(desk, session, first) == (Disposition.DONE, "")
        async with desk.sessions.begin() as beside:
            waits = asyncio.create_task(decided(desk, beside, later))
            await asyncio.sleep(0.2)
            assert not waits.done()
            await session.commit()
            assert await waits == (Disposition.DEAD, "conflicting-id")
