"""The memory of a billing process over two hundred thousand charges: it must not grow with what it has done."""

import psutil

from shared.events.topics import CHARGE_RAISED
from tests.benchmarks import facts
from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, until

_TAKEN = "select coalesce(sum(n_done), 0) >= $2 from msg.batch_log where topic = $1"
_CHUNK = 20_000
_MIB = 1024 * 1024


async def measure(stage: Stage) -> list[Figure]:
    """Compare the process after a fifth of the events with the same process at the end."""
    events = stage.scaled(200_000)
    async with stage.office("billing") as office:
        await facts.register(office)
        process = psutil.Process((await office.start()).pid)
        early = 0.0
        for first in range(0, events, _CHUNK):
            count = min(_CHUNK, events - first)
            await office.kafka.send_many(CHARGE_RAISED.topic, facts.charges(first, count))
            await until(office.sql, _TAKEN, CHARGE_RAISED.topic, first + count)
            if first + count <= max(events // 5, _CHUNK):
                early = process.memory_info().rss / _MIB
        end = process.memory_info().rss / _MIB
    return [
        Figure("memory.after-a-fifth", "MiB", (early,)),
        Figure("memory.at-the-end", "MiB", (end,), most=200),
        Figure("memory.growth", "percent", ((end / early - 1) * 100,), most=5),
    ]
