"""A rebuild of billing's database against the live service: charges a second in each, from first commit to last."""

import asyncio
import json
import sys
import uuid

import asyncpg

from shared.embedded.databases import make_database
from tests.benchmarks import facts
from tests.benchmarks.charges import Real
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Office, Stage

_REBUILT = """
with batches as (
  select count(*) as events, pg_xact_commit_timestamp(xmin) as committed from msg.inbox
  where topic = 'housing.charge-raised' group by xmin)
select (sum(events) - (array_agg(events order by committed))[1])::float8
  / extract(epoch from max(committed) - min(committed))::float8 from batches
"""


async def measure(stage: Stage) -> list[Figure]:
    """Let the service take charges in, then build its database anew; each round in a database of its own."""
    events = stage.scaled(16_000)
    live, rebuilt = [], []
    for _ in range(stage.rounds):
        async with stage.office("billing") as office:
            await facts.register(office)
            live.append(await Real(office).round(events))
            rebuilt.append(await _rebuild(office))
    return [
        Figure("rebuild.live", "events/s", tuple(live)),
        Figure("rebuild.rebuilt", "events/s", tuple(rebuilt)),
        Figure("rebuild.over-live", "times", ratios(rebuilt, live), least=1),
    ]


async def _rebuild(office: Office) -> float:
    """Run the service's own verb, which must find the two databases equal; return its charges a second."""
    fresh = await make_database(office.stage.postgres.admin_url, "billing", f"bench_{uuid.uuid4().hex[:8]}")
    urls = {"BILLING_DATABASE_URL": fresh.app_url, "BILLING_OWNER_DATABASE_URL": fresh.owner_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *office.program, "rebuild", env=office.environment() | urls,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    # What owners said is in Kafka still: nobody needs to be asked for it.
    said, complaints = await process.communicate(json.dumps({"live": office.urls.owner_url, "senders": {}}).encode())
    assert process.returncode == 0, said[-2000:] + complaints[-2000:]
    sql = await asyncpg.connect(fresh.owner_url)
    rate = await sql.fetchval(_REBUILT)
    await sql.close()
    return float(rate)
