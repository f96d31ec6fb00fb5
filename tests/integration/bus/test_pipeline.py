"""A batch is decoded while the one before it is applied: whatever sends the first back takes the second with it."""

import asyncio
import gc
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRecord

from shared.bus.service import Running
from shared.bus.work import OPENING_BOOK, Work
from shared.events.base import Event
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_days import DAY, LINE, end_day, owners_closed, owners_line
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually

LINES = 40


async def test_a_lane_that_waits_for_its_book_loses_nothing_of_the_batches_behind(billing: Bench) -> None:
    for number in range(LINES):
        await owners_line(billing, f"U{number}", OPENING_BOOK if number < 5 else DAY + timedelta(days=1))
    await end_day(billing, DAY)
    await owners_closed(billing, DAY, 5, 5)
    async with billing.running(batch_records=3):
        await eventually(lambda: billing.sql.fetchval("select count(*) = $1 from public.seen", LINES))
    rows = await billing.sql.fetch("select key from public.seen order by n")
    assert [row["key"] for row in rows] == [f"U{number}" for number in range(LINES)]
    assert (
        await billing.sql.fetchval("select next_offset from msg.position where topic = $1 and partition_no = 0", LINE)
        == LINES
    )


async def test_a_batch_that_has_to_be_applied_again_keeps_its_place(billing: Bench) -> None:
    failed: list[str] = []

    async def break_once(_work: Work, event: Event[Any]) -> None:
        if event.data.charge_id in {"C0", "C10", "C20"} and event.data.charge_id not in failed:
            failed.append(event.data.charge_id)
            raise ConnectionResetError

    billing.recorder.behaviours[CHARGES] = break_once
    for number in range(30):
        await billing.kafka.send(CHARGES, charge(number, 100 + number), partition=0)
    async with billing.running(batch_records=4):
        await eventually(lambda: billing.sql.fetchval("select count(*) = 30 from public.seen"))
    assert failed == ["C0", "C10", "C20"]
    assert await billing.seen() == [f"{CHARGES}:{100 + number}" for number in range(30)]


async def test_a_batch_that_is_dealt_with_is_not_kept_in_memory(billing: Bench) -> None:
    def kept() -> int:
        gc.collect()
        return sum(
            isinstance(one, ConsumerRecord) and one.topic == billing.kafka.prefix + CHARGES for one in gc.get_objects()
        )

    for number in range(30):
        await billing.kafka.send(CHARGES, charge(number, 100 + number), partition=0)
    async with billing.running(batch_records=3):
        await eventually(lambda: billing.sql.fetchval("select count(*) = 30 from public.seen"))
        await eventually(lambda: asyncio.sleep(0, kept() == 0))


async def test_what_comes_while_a_batch_is_applied_is_one_batch(billing: Bench) -> None:
    """Kafka brings each record by itself: a batch for each would keep the last waiting for all of them."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_work: Work, _event: Event[Any]) -> None:
        begun.set()
        await go_on.wait()

    billing.recorder.behaviours[CHARGES] = wait
    async with billing.running() as running:
        await billing.kafka.send(CHARGES, charge(0, 100), partition=0)
        await asyncio.wait_for(begun.wait(), 10)
        for number in range(1, 20):
            await billing.kafka.send(CHARGES, charge(number, 100 + number), partition=0)
            await eventually(lambda: asyncio.sleep(0, _read(running) == number))  # noqa: B023 - at once
        go_on.set()
        await eventually(lambda: billing.sql.fetchval("select count(*) = 20 from public.seen"))
    assert await billing.sql.fetchval("select count(distinct settled_at) from msg.batch_log") == 2


def _read(running: Running) -> int:
    """Records that wait behind the batch that is being applied."""
    return sum(len(poll.decoded) for one in running.consumer._strands._pipelines for poll in one._waiting)
