"""What must hold for any records: every one gets its disposition, no failure is unexpected, and the sums stand."""

import time
from collections.abc import Callable
from typing import Any

import asyncpg

from services.billing.app import build as build_billing
from services.billing.db import proof
from services.billing.settings import Settings
from shared.bus.letters import Taken
from shared.bus.service import build
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.decode import Record, decode
from shared.events.topics import heard_by
from tests.fuzz.spoiling import Source

BATCH = 40
_UNEXPECTED = "select topic, kafka_offset, reason_code, detail from msg.dead_letter where reason_code = any($1)"
_COUNTED = "select coalesce(sum(n_done + n_dup + n_held + n_dead), 0)::bigint from msg.batch_log"
_SUMS = """
select (select coalesce(sum(pence), 0)::bigint from msg.inbox where topic = $1 and disposition = 'D'),
  (select coalesce(sum({amount}), 0)::bigint from billing.{table})
"""


async def fuzz(
    urls: ServiceUrls, seed: int, seconds: float, tell: Callable[[str], None] = lambda _: None
) -> tuple[int, list[str]]:
    """Apply spoilt records to billing for so long; return how many there were, and the first thing that is wrong."""
    settings: Any = {"service": "billing", "database_url": urls.app_url, "kafka": "127.0.0.1:1", "partitions": 1}
    running = build(build_billing(Settings(**settings)), Settings(**settings, dead_letters_in_row=10**9))
    sql = await connect(urls.owner_url, application_name="fuzz", command_timeout=60)
    for channel in heard_by("billing"):
        await running.consumer._claim((channel.topic, 0), 0)
    source, end, count = Source(seed), time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end:
            records = source.batch(BATCH)
            await running.pump.run([Taken(record, decode(record)) for record in records])
            count += len(records)
            found = await _differences(sql, count)
            if found:
                return count, [*found, *(f"{record.topic}: {record.value!r}" for record in _named(records, found))]
            if count % (BATCH * 100) == 0:
                tell(f"{count} records")
        return count, []
    finally:
        await sql.close()
        await running.engine.dispose()


def _named(records: list[Record], found: list[str]) -> list[Record]:
    """Return the records that the findings name by topic and offset."""
    return [record for record in records if any(f"{record.topic} {record.offset}:" in words for words in found)]


async def _differences(sql: asyncpg.Connection, count: int) -> list[str]:
    rows = await sql.fetch(_UNEXPECTED, ["unexpected-failure", "refused-by-database"])
    found = [f"{row['topic']} {row['kafka_offset']}: {row['reason_code']} {row['detail']}" for row in rows]
    counted = await sql.fetchval(_COUNTED)
    if counted != count:
        found.append(f"{count} records, {counted} dispositions")
    for statement in (proof.UNBALANCED, proof.TOTAL, proof.NAMELESS, proof.CHARGES_STAND, proof.PAYMENTS_STAND):
        found += await proof.differences(sql, statement)
    for topic, table in (("housing.charge-raised", "charges"), ("housing.payment-received", "payments")):
        amount = "net_pence + tax_pence" if table == "charges" else "amount_pence"
        ((said, kept),) = await sql.fetch(_SUMS.format(amount=amount, table=table), topic)
        if said != kept:
            found.append(f"{topic}: {said} pence applied, {kept} in billing.{table}")
    return found
