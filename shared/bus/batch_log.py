"""The completeness proof: one row for each lane of each committed batch, its ranges without gap or overlap."""

from collections import Counter
from collections.abc import Mapping, Sequence

import asyncpg

from shared.bus.positions import Lane, Step
from shared.bus.work import Disposition

_NOTE = """
insert into msg.batch_log
  (topic, partition_no, from_offset, to_offset, n_done, n_dup, n_held, n_dead, n_gap, epoch, took_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def note(
    connection: asyncpg.Connection, steps: Sequence[Step], counts: Mapping[Lane, Counter[Disposition]], took_ms: int
) -> None:
    """Write what became of every offset between ``start`` and ``next`` of each lane; the rest are gaps."""
    rows = []
    for step in steps:
        count = counts[step.lane]
        span = step.next - step.start
        rows.append((
            *step.lane, step.start, step.next, count[Disposition.DONE], count[Disposition.DUPLICATE],
            count[Disposition.HELD], count[Disposition.DEAD], span - count.total(), step.epoch, took_ms,
        ))  # fmt: skip
    await connection.executemany(_NOTE, rows)
