"""Two processes take in one event at the same moment: on two lanes, neither seeing the other's row yet."""

import asyncio
from datetime import date

from shared.bus import inbox
from shared.bus.inbox import Arrival
from shared.events.base import Event
from shared.events.decode import Record, decode
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually


async def test_the_later_of_two_finds_a_repeat_and_no_dead_letter(billing: Bench) -> None:
    value = charge(1)
    event = decode(Record(CHARGES, 1, 0, None, value))
    assert isinstance(event, Event)
    other = billing.sql.transaction()
    await other.start()
    await inbox.claim(billing.sql, [Arrival(event.uid, event.sha, CHARGES, None, 100, 1, 0)], date(2026, 1, 5))

    await billing.kafka.send(CHARGES, value, partition=0)
    await billing.kafka.send(CHARGES, charge(2), partition=0)
    async with billing.running():
        waiting = "select exists (select from pg_locks where not granted)"
        await eventually(lambda: billing.sql.fetchval(waiting))
        await asyncio.sleep(0.1)
        await other.commit()
        await eventually(lambda: billing.sql.fetchval("select sum(n_done) = 1 and sum(n_dup) = 1 from msg.batch_log"))

    assert await billing.count("msg.inbox") == 2
    assert await billing.count("public.seen") == 1
    assert await billing.count("msg.dead_letter") == 0
