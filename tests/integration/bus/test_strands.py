"""Two strands of one process: one decides at a time, and the next decides while the first commits."""

import asyncio
from collections import Counter
from typing import Any

from shared.bus.work import Work
from shared.events.base import Event
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import cloud_event, eventually

PAYMENTS = "housing.payment-received"
WAITING = "select count(*) = $1 from pg_locks where not granted"


def payment(number: int) -> bytes:
    data = {"payment_id": f"P{number}", "amount_pence": 100, "received_on": "2026-01-05", "method": "cash",
            "account_ref": "A1"}  # fmt: skip
    return cloud_event(PAYMENTS, data, f"payment-{number}")


def retried(lines: list[dict[str, Any]]) -> int:
    return Counter(line["event.name"] for line in lines)["retrying"]


async def test_a_strand_decides_while_the_other_one_commits(billing: Bench, lines: list[dict[str, Any]]) -> None:
    decided: list[str] = []

    async def note(_work: Work, event: Event[Any]) -> None:
        decided.append(event.id)

    billing.recorder.behaviours[CHARGES] = note
    async with billing.running() as running:
        async with billing.sql.transaction():
            await billing.sql.execute("lock table msg.batch_log in exclusive mode")  # nobody can end a batch
            for number in (0, 1):
                await billing.kafka.send(CHARGES, charge(number), partition=number)
            await eventually(lambda: asyncio.sleep(0, len(decided) == 2))
            assert {state.expected for state in running.pump.lanes.values()} == {0}
            assert retried(lines) == 0
        await eventually(lambda: billing.sql.fetchval("select count(*) = 2 from msg.batch_log"))


async def test_strands_that_lock_accounts_in_opposite_orders_never_wait_for_each_other(
    billing: Bench, lines: list[dict[str, Any]]
) -> None:
    """Each batch has charges and payments, handled one kind after the other; the locks last until it is committed."""

    async def lock_one(work: Work, event: Event[Any]) -> None:
        first = (event.topic == CHARGES) == (event.id[-1] in "02468")
        await work.lock(exclusive=["account:A" if first else "account:B"])
        await asyncio.sleep(0.02)

    billing.recorder.behaviours[CHARGES] = billing.recorder.behaviours[PAYMENTS] = lock_one
    for number in range(12):
        await billing.kafka.send(CHARGES, charge(number), partition=number % 2)
        await billing.kafka.send(PAYMENTS, payment(number), partition=number % 2)
    async with billing.running():
        await eventually(lambda: billing.sql.fetchval("select sum(n_done) = 24 from msg.batch_log"))
    assert retried(lines) == 0


async def test_strands_that_announce_rejections_without_a_key_blame_nobody_for_it(billing: Bench) -> None:
    """What is rejected is said under the key it came with, and versions of one key count 1, 2, 3 over all strands."""
    decided: list[str] = []

    async def judge(work: Work, event: Event[Any]) -> None:
        decided.append(event.id)
        if event.data.charge_id == "C1":
            work.known("charge:C1")
        elif "charge-1" in decided:
            work.refuse(event, "some-rule", "because", "charge_id")
        else:
            work.hold(event, "charge:C1")

    billing.recorder.behaviours[CHARGES] = judge
    async with billing.running():
        await billing.kafka.send(CHARGES, charge(0), partition=0)
        await eventually(lambda: billing.count("msg.held"))
        async with billing.sql.transaction():
            await billing.sql.execute("lock table msg.batch_log in exclusive mode")
            await billing.kafka.send(CHARGES, b"no event", partition=1)
            await eventually(lambda: billing.sql.fetchval(WAITING, 1))
            await billing.kafka.send(CHARGES, charge(1), partition=0)  # sound; it lets the other be refused
            await eventually(lambda: billing.sql.fetchval(WAITING, 2))
        await eventually(lambda: billing.sql.fetchval("select count(*) = 3 from msg.batch_log"))
    letters = await billing.sql.fetch("select event_id, reason_code from msg.dead_letter order by partition_no")
    assert [tuple(row) for row in letters] == [("charge-0", "some-rule"), (None, "not-json")]
    assert await billing.seen() == [f"{CHARGES}:100"]
    assert await billing.count("msg.held") == 0
