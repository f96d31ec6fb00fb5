"""The books of a running service are checked against themselves, and a row changed by hand is found."""

from functools import partial
from typing import Any

from shared.bus.checking import Checking, report
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually
from tests.support.figures import figure

RANGES = "nothing was skipped in what was read"


async def test_what_differs_is_said_and_shown_until_it_agrees_again(
    billing: Bench, lines: list[dict[str, Any]]
) -> None:
    async with billing.running() as running:
        for number in range(1, 4):
            await billing.kafka.send(CHARGES, charge(number), partition=0)
            await eventually(partial(_read, billing, number))
        checking = Checking(running)
        report(await checking.look(), 1)
        assert figure("invariant_ok", check=RANGES) == 1
        row = await billing.row("delete from msg.batch_log where from_offset = 1 returning *")
        report(await checking.look(), 1)
        assert figure("invariant_ok", check=RANGES) == 0
        columns, places = ", ".join(row.keys()), ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await billing.sql.execute(f"insert into msg.batch_log ({columns}) values ({places})", *row)
        report(await checking.look(), 1)
    assert figure("invariant_ok", check=RANGES) == 1
    assert [line["event.name"] for line in lines if line["event.name"].startswith("invariant")] == [
        "invariant_checked", "invariant_violation", "invariant_checked",
    ]  # fmt: skip
    [wrong] = [line for line in lines if line["event.name"] == "invariant_violation"]
    assert wrong["app.check"] == RANGES
    assert wrong["app.detail"] == f"{CHARGES} partition 0: a batch from 2 follows one that ended before 1"


async def test_a_record_that_cannot_be_applied_yet_grows_old(billing: Bench) -> None:
    await billing.sql.execute("update msg.gate set working = '2026-04-01', stage = 'working'")
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running() as running:
        await eventually(lambda: _waits(running))
        await billing.sql.execute("update msg.gate set working = null, stage = 'open'")
        await eventually(lambda: _read(billing, 1))
        await running.consumer.settled()
        assert running.consumer.oldest_waiting_ms is None
    assert (figure("db_pool_wait_seconds_count") or 0) > 0
    assert (figure("db_transaction_seconds_count") or 0) > 0


async def _waits(running: Any) -> bool:
    return running.consumer.oldest_waiting_ms is not None


async def _read(bench: Bench, records: int) -> bool:
    return bool(await bench.sql.fetchval("select sum(next_offset) from msg.position") == records)
