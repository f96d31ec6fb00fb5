"""What must hold for any records: every one gets its disposition, no failure is unexpected, and the sums stand."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from services.arrears import handlers as arrears
from services.billing import handlers as billing
from services.notify import handlers as notify
from services.owners import handlers as owners
from shared.bus.letters import Taken
from shared.bus.service import Running, Service, build
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.decode import Record, decode
from shared.events.topics import heard_by
from shared.settings import ServiceSettings
from tests.fuzz.proofs import AFTER_EVERY_BATCH, WHOLE, Proof
from tests.fuzz.spoiling import Source

BATCH = 40
_TOLD_AFTER = 100
_ROUTERS = {"owners": owners.router, "billing": billing.router, "arrears": arrears.router, "notify": notify.router}
# A constraint may refuse what another service of ours would never say; from outside nothing may get that far.
_UNEXPECTED = """
select topic, kafka_offset, reason_code, detail from msg.dead_letter
where reason_code = 'unexpected-failure'
   or reason_code = 'refused-by-database' and split_part(topic, '.', 1) in ('housing', 'calendar')
"""
_COUNTED = "select coalesce(sum(n_done + n_dup + n_held + n_dead), 0)::bigint from msg.batch_log"


async def fuzz(
    service: str, urls: ServiceUrls, seed: int, seconds: float, tell: Callable[[str], None] = lambda _: None
) -> tuple[int, list[str]]:
    """Apply spoilt records to a service for so long; return how many there were, and the first thing that is wrong."""
    running = _running(service, urls)
    sql = await connect(urls.owner_url, application_name="fuzz", command_timeout=60)
    try:
        for channel in heard_by(service):
            await running.consumer._claim((channel.topic, 0), 0)
        return await _until(time.monotonic() + seconds, Source(seed, service), running, sql, tell)
    finally:
        await sql.close()
        await running.engine.dispose()


def _running(service: str, urls: ServiceUrls) -> Running:
    given: dict[str, Any] = {"database_url": urls.app_url, "kafka": "127.0.0.1:1", "partitions": 1}
    given["environment"] = "local"
    return build(Service(service, _ROUTERS[service]), ServiceSettings(**given, dead_letters_in_row=10**9))


async def _until(
    end: float, source: Source, running: Running, sql: asyncpg.Connection, tell: Callable[[str], None]
) -> tuple[int, list[str]]:
    service, count = running.service.name, 0
    records: list[Record] = []
    found: list[str] = []
    while time.monotonic() < end and not found:
        records = source.batch(BATCH)
        await running.pump.run([Taken(record, decode(record)) for record in records])
        count += len(records)
        found = await _answered(sql, count) + await _proved(running, AFTER_EVERY_BATCH.get(service))
        if count % (BATCH * _TOLD_AFTER) == 0:
            tell(f"{count} records")
            found += await _proved(running, WHOLE.get(service))
    found = found or await _proved(running, WHOLE.get(service))
    return count, [*found, *(f"{record.topic}: {record.value!r}" for record in _named(records, found))]


async def _answered(sql: asyncpg.Connection, count: int) -> list[str]:
    rows = await sql.fetch(_UNEXPECTED)
    found = [f"{row['topic']} {row['kafka_offset']}: {row['reason_code']} {row['detail']}" for row in rows]
    counted = await sql.fetchval(_COUNTED)
    if counted != count:
        found.append(f"{count} records, {counted} dispositions")
    return found


async def _proved(running: Running, proof: Proof | None) -> list[str]:
    if proof is None:
        return []
    async with running.doors.sessions.begin() as session:
        return await proof(session)


def _named(records: Sequence[Record], found: Sequence[str]) -> list[Record]:
    """Return the records that the findings name by topic and offset."""
    return [record for record in records if any(f"{record.topic} {record.offset}:" in words for words in found)]
