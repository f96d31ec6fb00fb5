"""Two billing processes against one: they share the partitions, and here also the cores with Kafka and PostgreSQL."""

import os

from shared.events.topics import CHARGE_RAISED
from tests.benchmarks import facts
from tests.benchmarks.charges import BATCHES, DONE
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Office, Stage, until

_TOPIC = CHARGE_RAISED.topic
_CORES_NEEDED = 4
"""Two for billing, one for Kafka, one for PostgreSQL: with fewer the figure only informs."""


async def measure(stage: Stage) -> list[Figure]:
    """Let one process and then two take in as many charges, each pair of rounds into databases of their own."""
    events = stage.scaled(16_000)
    one, two = [], []
    async with stage.office("billing") as single, stage.office("billing") as double:
        for office in (single, double):
            await facts.register(office)
        for number in range(stage.rounds):
            one.append(await _round(single, 1, number * events, events))
            two.append(await _round(double, 2, number * events, events))
    least = 1.5 if (os.cpu_count() or 1) >= _CORES_NEEDED else None
    return [
        Figure("two-processes.one", "events/s", tuple(one)),
        Figure("two-processes.two", "events/s", tuple(two)),
        Figure("two-processes.over-one", "times", ratios(two, one), least=least),
    ]


async def _round(office: Office, processes: int, first: int, events: int) -> float:
    """Return events a second, from the first commit of a burst that finds all processes ready to its last."""
    warm = events // 10
    for _ in range(processes):
        await office.start()
    await office.kafka.send_many(_TOPIC, facts.charges(first, warm))
    await until(office.sql, DONE, _TOPIC, first + warm)
    before = len(await office.sql.fetch(BATCHES, _TOPIC))
    await office.kafka.send_many(_TOPIC, facts.charges(first + warm, events - warm))
    await until(office.sql, DONE, _TOPIC, first + events)
    await office.stop()
    batches = (await office.sql.fetch(BATCHES, _TOPIC))[before:]
    seconds = (batches[-1]["committed"] - batches[0]["committed"]).total_seconds()
    return float(sum(row["events"] for row in batches[1:]) / seconds)
