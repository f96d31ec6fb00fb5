"""One pool charge to a thousand accounts: from its event to its committed rows, against COPY of the same rows."""

import time

import asyncpg

from shared.events.topics import CHARGE_RAISED
from tests.benchmarks import facts
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.rows import rows_of
from tests.benchmarks.stage import Office, Stage, until

_SETTLED = """
select exists (select from billing.charges where charge_id = $1)
  and not exists (select from msg.outbox_pending)
"""
_COMMITTED = """
select extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from billing.charges where charge_id = $1
"""


async def measure(stage: Stage) -> list[Figure]:
    """Raise pool charges one by one, each on an idle process; then COPY what they wrote, one transaction for each."""
    charges = stage.scaled(16)
    real, copied = [], []
    async with stage.office("billing") as office, stage.office("billing") as beside:
        await facts.register(office)
        await office.start()
        await facts.share_out(office)
        await _raise(office, 0)  # warm
        for number in range(stage.rounds):
            first = 1 + number * charges
            took = [await _raise(office, first + nth) for nth in range(charges)]
            real.append(facts.UNITS * charges / sum(took))
            copied.append(facts.UNITS * charges / await _copy(office, beside, first, charges))
    return [
        Figure("fan-out.billing", "shares/s", tuple(real)),
        Figure("fan-out.copy", "shares/s", tuple(copied)),
        Figure("fan-out.of-copy", "ratio", ratios(real, copied), least=0.35),
    ]


async def _raise(office: Office, number: int) -> float:
    """Return the seconds from the sending of a charge to the commit of its shares; wait until they are said."""
    sent = time.time()
    await office.kafka.send_many(CHARGE_RAISED.topic, [facts.pool_charge(number)])
    await until(office.sql, _SETTLED, facts.charge_id(number), every_s=0.02)
    return float(await office.sql.fetchval(_COMMITTED, facts.charge_id(number))) - sent


async def _copy(office: Office, beside: Office, first: int, charges: int) -> float:
    """Return the seconds that COPY takes for the rows of these charges."""
    rows = await rows_of(office.sql, first, first + charges)
    writer = await asyncpg.connect(beside.urls.app_url)
    started = time.monotonic()
    for number in range(charges):
        await rows.copy(writer, number, number + 1)
    took = time.monotonic() - started
    await writer.close()
    return took
