"""A rebuild follows the order in which records were applied, however many a transaction held."""

from shared.rebuild.guide import steps
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually

RECORDS = 40


async def test_the_records_of_a_batch_are_told_in_their_order(billing: Bench) -> None:
    await billing.kafka.send_many(CHARGES, [(b"k", charge(number)) for number in range(RECORDS)])
    async with billing.running():
        await eventually(lambda: _read(billing))
    async with billing.sql.transaction():
        found = [row["kafka_offset"] async for step in steps(billing.sql, "billing", ()) for row in step.rows]
    assert found == list(range(RECORDS))


async def _read(bench: Bench) -> bool:
    return bool(await bench.sql.fetchval("select sum(next_offset) from msg.position") == RECORDS)
