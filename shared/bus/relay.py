"""The relay: one a database at a time sends what was said, in order, and forgets it when the broker has answered."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from shared import metrics
from shared.bus.parcels import send_page
from shared.bus.sleeping import sleep_unless
from shared.events.envelope import id_in
from shared.log_events import LogEvent
from shared.logs import log

_PAGE = """
select pending.seq, log.topic, log.msg_key, log.body
from (select seq from msg.outbox_pending order by seq limit 1000) as pending
cross join lateral (
  select topic, msg_key, body from msg.event_log as log where log.seq = pending.seq limit 1
) as log order by pending.seq
"""
# One look-up a row, whatever the planner believes: after a burst it took the outbox for large and read the whole log
# for every page (measured: a quarter of a core over a year of books).
# A page forgotten twice is a page sent twice, which does no harm: its deletion need not reach the disk at once.
# A page's plan is made once: one made while the log was empty would read all of it for each row.
_SETTINGS = "set synchronous_commit = off; set enable_seqscan = off"
_ELECT = """
insert into msg.relay_lease (name, epoch, holder, beat_at) values ('relay', 1, $1, now())
on conflict (name) do update set epoch = msg.relay_lease.epoch + 1, holder = excluded.holder, beat_at = now()
returning epoch
"""
_LOCK = "select pg_try_advisory_lock(hashtextextended('closebook relay', 0))"
_OUST = """
select pg_terminate_backend(lock.pid) from pg_catalog.pg_locks as lock, msg.relay_lease as lease
where lock.locktype = 'advisory' and lock.granted and lock.objsubid = 1
  and lock.database = (select oid from pg_catalog.pg_database where datname = current_database())
  and (lock.classid::bigint << 32 | lock.objid::bigint) = hashtextextended('closebook relay', 0)
  and lease.name = 'relay' and lease.beat_at < now() - make_interval(secs => $1)
"""
"""A frozen process keeps its connection, and with it the lock: one that has not beaten for long loses both."""
_FORGET = """
with alive as (update msg.relay_lease set beat_at = now() where name = 'relay' and epoch = $1 returning epoch)
delete from msg.outbox_pending where seq = any($2::bigint[]) and exists (select from alive)
"""
_BEAT = "update msg.relay_lease set beat_at = now() where name = 'relay' and epoch = $1"
_BEAT_EVERY_S = 5.0
_STALE_S = 30.0
_ACK_DEADLINE_S = 10.0
_IDLE_S = 0.25
_BUSY_S = 0.02
_LONGEST_PAUSE_S = 30.0
_NAMED_IN_A_LINE = 150


class LeaseLostError(Exception):
    """Another process relays now: what was not marked will be sent again by it, which does no harm."""


class Relay:
    """Relays one service's outbox while this process holds the lease; others stand by."""

    def __init__(
        self, connect: Callable[[], Any], producer: Callable[[], AIOKafkaProducer], *, prefix: str, holder: str
    ) -> None:
        self._connect = connect
        self._new_producer = producer
        self._prefix = prefix
        self._holder = holder
        self._epoch: int | None = None
        self._failures = 0
        self._producers = 0
        self._beat_at = 0.0
        self._asked = 0
        self._answered = 0
        self.wake = asyncio.Event()
        self.drained = asyncio.Event()
        self.stopping = asyncio.Event()
        self.turned_at = time.monotonic()
        """When the loop last came round, whatever the servers answered; everything it waits for has a deadline."""

    @property
    def leads(self) -> bool:
        """Whether this process holds the lease."""
        return self._epoch is not None

    async def drain(self) -> bool:
        """Wait until the broker has everything committed before this call; false: another process leads, or we end.

        An empty page that was asked for later is the proof, so nothing needs to be counted.
        """
        self._asked += 1
        mine = self._asked
        self.wake.set()
        while self._answered < mine:
            if not self.leads or self.stopping.is_set():
                return False
            self.drained.clear()
            await sleep_unless(self.drained, _IDLE_S)
        return True

    async def run(self) -> None:
        """Stand by, lead, and start again after any failure, until told to stop."""
        while not self.stopping.is_set():
            self.turned_at = time.monotonic()
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._connect()
                await self._lead(connection)
            except LeaseLostError:
                log(LogEvent.RELAY_LOST)
            except Exception as error:  # noqa: BLE001 - broker or database away: back off and start anew
                self._failures += 1
                log(LogEvent.PUBLISH_BLOCKED, error_type=type(error).__name__, attempt=self._failures)
            finally:
                self._epoch = None
                metrics.IS_LEADER.set(0)
                if connection is not None:
                    connection.terminate()
            self.turned_at = time.monotonic()
            await sleep_unless(self.stopping, self._pause_s())

    def _pause_s(self) -> float:
        """Return how long to leave the servers alone: longer after each failure, and not the same in two processes."""
        return random.uniform(0.05, min(_LONGEST_PAUSE_S, 0.2 * 2 ** min(self._failures, 8)))  # noqa: S311 - jitter

    async def _lead(self, connection: asyncpg.Connection) -> None:
        """Wait for the lock, then relay pages until something fails."""
        while not await connection.fetchval(_LOCK):
            self.turned_at = time.monotonic()
            if await sleep_unless(self.stopping, _IDLE_S):
                return
            await connection.execute(_OUST, _STALE_S)
        epoch = await connection.fetchval(_ELECT, self._holder)
        await connection.execute(_SETTINGS)
        producer = self._producer()
        try:
            async with asyncio.timeout(_ACK_DEADLINE_S):
                await producer.start()
            self._epoch = epoch
            metrics.IS_LEADER.set(1)
            log(LogEvent.RELAY_ELECTED, epoch=self._epoch)
            await self._pages(connection, producer)
        finally:
            self._epoch = None
            await abandon(producer)

    def _producer(self) -> AIOKafkaProducer:
        """Return a producer; each after the first takes the place of one that failed or led no more."""
        self._producers += 1
        if self._producers > 1:
            metrics.PRODUCERS.inc()
            log(LogEvent.PRODUCER_RECREATED, attempt=self._producers)
        return self._new_producer()

    async def _pages(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        """Send page after page; an empty page waits to be woken."""
        wait_s = _BUSY_S
        while True:
            self.wake.clear()
            asked = self._asked
            page = await connection.fetch(_PAGE)
            self.turned_at = time.monotonic()
            if self.turned_at - self._beat_at > _BEAT_EVERY_S:
                await self._beat(connection)
            if page:
                self.drained.clear()
                await self._hand_over(connection, producer, page)
                self._failures, wait_s = 0, _BUSY_S
            else:
                self._answered = asked
                self.drained.set()
                if self.stopping.is_set():
                    return
                await sleep_unless(self.wake, wait_s)
                wait_s = min(_IDLE_S, wait_s * 2)

    async def _beat(self, connection: asyncpg.Connection) -> None:
        """Show that this process lives; raises ``LeaseLostError`` when another has taken over."""
        if await connection.execute(_BEAT, self._epoch) != "UPDATE 1":
            raise LeaseLostError
        self._beat_at = time.monotonic()

    async def _hand_over(
        self, connection: asyncpg.Connection, producer: AIOKafkaProducer, page: Sequence[asyncpg.Record]
    ) -> None:
        """Send a page and forget it; one that fails between the two may come twice."""
        try:
            await self._send(producer, page)
            await self._mark(connection, page)
        except BaseException:
            metrics.PERHAPS_TWICE.inc(len(page))
            raise
        page_lines(page)

    async def _send(self, producer: AIOKafkaProducer, page: Sequence[asyncpg.Record]) -> None:
        """Hand the page over in order, then wait for all answers within one deadline."""
        async with asyncio.timeout(_ACK_DEADLINE_S):
            await send_page(producer, self._prefix, page)

    async def _mark(self, connection: asyncpg.Connection, page: Sequence[asyncpg.Record]) -> None:
        """Forget what the broker has; only the lease holder may."""
        if await connection.execute(_FORGET, self._epoch, [row["seq"] for row in page]) == "DELETE 0":
            raise LeaseLostError
        self._beat_at = time.monotonic()
        metrics.PUBLISHED.inc(len(page))


def page_lines(page: Sequence[asyncpg.Record]) -> None:
    """Say which events Kafka has: so many in a line that none is cut."""
    for start in range(0, len(page), _NAMED_IN_A_LINE):
        part = page[start : start + _NAMED_IN_A_LINE]
        names = [id_in(row["body"]) for row in part]
        log(LogEvent.PAGE, count=len(part), first=part[0]["seq"], last=part[-1]["seq"], event_ids=names)


async def abandon(producer: AIOKafkaProducer) -> None:
    """Stop a producer within a deadline; one whose broker is gone never returns (measured), so it is dropped."""
    try:
        async with asyncio.timeout(3):
            await producer.stop()
    except (Exception, asyncio.CancelledError):  # noqa: BLE001, S110 - nothing depends on a polite end
        pass
