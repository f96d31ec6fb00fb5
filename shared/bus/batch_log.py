"""The completeness proof: one row for each lane of each committed batch, its ranges without gap or overlap."""

from collections import Counter
from collections.abc import Mapping, Sequence

import asyncpg

from shared.bus.positions import Lane, Step
from shared.bus.work import Disposition

# One reading of the clock for all lanes, when the batch holds all its locks: who waited for it reads a later one.
_NOTE = """
insert into msg.batch_log (topic, partition_no, from_offset, to_offset, n_done, n_dup, n_held, n_dead, n_gap, epoch,
  took_ms, settled_at)
select lane.*, $11, (select clock_timestamp())
from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
  $10::bigint[]) as lane
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
            count[Disposition.HELD], count[Disposition.DEAD], span - count.total(), step.epoch,
        ))  # fmt: skip
    if rows:
        await connection.execute(_NOTE, *zip(*rows, strict=True), took_ms)
