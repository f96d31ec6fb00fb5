"""A small Closebook under faults: four service processes on servers of their own that a test may stop, kill or starve.

``Plant`` publishes as the housing system would, ends days, and after every fault waits for quiet and proves the books.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aiokafka.errors import KafkaError

from services.billing.domain import refs
from services.notify.db.spacing import FREE
from shared.events.topics import CHANNELS, LINE_OF_SERVICES
from shared.log_events import LogEvent
from tests.support.aftermath import Aftermath
from tests.support.bus import cloud_event
from tests.support.invariants import assert_invariants
from tests.support.plant_floor import PlantFloor
from tests.support.plant_parts import Said, portfolio, until_quiet

UNITS = tuple(f"U{number:02}" for number in range(1, 13))

Records = dict[str, list[tuple[bytes | None, bytes | None]]]
"""Keys and values to send, by topic."""

_HOUSING = tuple(channel for channel in CHANNELS if channel.owner == "housing")


@dataclass
class Plant(PlantFloor):
    """A plant that is spoken to, whose days end, and whose books are proved."""

    # What the housing system says -------------------------------------------------------------------------------

    def fresh(self, what: str) -> str:
        """Return a name never used before."""
        self.number += 1
        return f"{what}-{self.number}"

    async def say(self, facts: Iterable[Said]) -> list[bytes]:
        """Publish facts in order, each under an id of its own; returns the records' values."""
        values = []
        for topic, key, data in facts:
            value = cloud_event(f"housing.{topic}", data, self.fresh("event"))
            values.append(value)
            await self.tools.send_many(f"housing.{topic}", [(key.encode(), value)])
        return values

    async def say_many(self, facts: Sequence[Said]) -> None:
        """Publish facts at once; only the order within a topic is kept."""
        await self._send(self._records(facts))

    def _records(self, facts: Sequence[Said]) -> Records:
        records: Records = {}
        for topic, key, data in facts:
            value = cloud_event(f"housing.{topic}", data, self.fresh("event"))
            records.setdefault(f"housing.{topic}", []).append((key.encode(), value))
        return records

    async def _send(self, records: Records) -> None:
        for topic, rows in records.items():
            await self.tools.send_many(topic, rows)

    async def _send_until_taken(self, records: Records) -> None:
        """Send records until Kafka has said that it has them all: some are then there twice."""
        while True:
            try:
                return await self._send(records)
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(0.2)

    async def settle_in(self) -> None:
        """Publish the portfolio: twelve units, their owners, one share set."""
        await self.say_many(portfolio(UNITS, "S1"))

    def charge(self, unit_id: str, pence: int, **more: Any) -> Said:
        """Return a charge on one unit, raised today."""
        facts = {
            "charge_id": self.fresh("CH"), "kind": "repair", "unit_id": unit_id, "amount_pence": pence,
            "description": "Work", "raised_on": str(self.today),
        }  # fmt: skip
        return "charge-raised", unit_id, facts | more

    def shared_charge(self, pence: int, **more: Any) -> Said:
        """Return a charge on all twelve units, raised today."""
        facts = {
            "charge_id": self.fresh("CH"), "kind": "cleaning", "share_set_id": "S1", "amount_pence": pence,
            "description": "Work", "raised_on": str(self.today),
        }  # fmt: skip
        return "charge-raised", "S1", facts | more

    def payment(self, unit_id: str, pence: int, **more: Any) -> Said:
        """Return a payment that names the unit's account, received today."""
        payment_id = self.fresh("PAY")
        facts = {
            "payment_id": payment_id, "amount_pence": pence, "received_on": str(self.today), "method": "bank-transfer",
            "account_ref": refs.account_ref(unit_id, f"{unit_id}-C1"),
        }  # fmt: skip
        return "payment-received", payment_id, facts | more

    def mixture(self, count: int) -> list[Said]:
        """Return so many charges and payments on all units."""
        facts: list[Said] = []
        for turn in range(count):
            unit = UNITS[turn % len(UNITS)]
            kinds = (self.payment(unit, 100 + turn), self.charge(unit, 200 + turn), self.payment(unit, 300 + turn))
            facts.append(self.shared_charge(1201 + turn) if turn % 10 == 9 else kinds[turn % 3])
        return facts

    @asynccontextmanager
    async def load(self, per_second: int = 20) -> AsyncIterator[None]:
        """Publish a mixture steadily while the block runs; what Kafka did not take is sent again (same ids)."""
        stopping = asyncio.Event()

        async def run() -> None:
            while not stopping.is_set():
                await self._send_until_taken(self._records(self.mixture(per_second // 5)))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), 0.2)

        task = asyncio.ensure_future(run())
        try:
            yield
        finally:
            stopping.set()
            await task

    # Days -------------------------------------------------------------------------------------------------------

    async def end_day(self, day: date | None = None) -> date:
        """Say that ``day`` (today) is over, with the cut of this moment; the day after it is today then."""
        ended = day or self.today
        after = await self.cuts.ends_by_topic(_HOUSING)
        value = cloud_event("calendar.day-ended", {"day": str(ended), "after": after}, self.fresh("day"), source="test")
        await self.tools.send("calendar.day-ended", value, key=b"calendar")
        self.today = max(self.today, ended + timedelta(days=1))
        return ended

    async def until_closed(self, day: date, services: Sequence[str] = LINE_OF_SERVICES, seconds: float = 60) -> None:
        """Return when the services have closed ``day``; fails with those that have not."""

        async def missing() -> str:
            behind = [name for name in services if (await self.last_closed(name) or date.min) < day]
            return f"{day} is not closed by {behind}" if behind else ""

        await until_quiet(missing, seconds)

    async def close_day(self, day: date | None = None, seconds: float = 60) -> date:
        """End a day and wait until all four have closed it."""
        ended = await self.end_day(day)
        await self.until_closed(ended, seconds=seconds)
        return ended

    async def last_closed(self, service: str) -> date | None:
        """Return the last day a service has closed."""
        closed: date | None = await self.value(service, "select last_closed from msg.gate")
        return closed

    def next_quarter(self) -> date:
        """Return the first day of the quarter after today's: the next statements' day."""
        month = (self.today.month - 1) // 3 * 3 + 4
        return date(self.today.year + (month > 12), (month - 1) % 12 + 1, 1)

    # Proof ------------------------------------------------------------------------------------------------------

    async def settle(self, seconds: float = 60) -> None:
        """Wait until everything said is relayed, read and closed."""
        await until_quiet(self._moving, seconds)

    async def _moving(self) -> str:
        """Return what still moves: outboxes, unread records, days that are not closed."""
        for service in LINE_OF_SERVICES:
            async with self.database(service) as connection:
                waiting = await connection.fetchval("select count(*) from msg.outbox_pending")
                open_days = await connection.fetchval(
                    "select count(*) from msg.ended_day, msg.gate where day > coalesce(last_closed, '1970-01-01')"
                )
                rows = await connection.fetch("select topic, partition_no, next_offset from msg.position")
            if waiting or open_days:
                return f"{service}: {waiting} to relay, {open_days} days to close"
            unread = await self._unread({(row[0], row[1]): row[2] for row in rows})
            if unread:
                return f"{service}: {unread}"
        return ""

    async def _posting(self) -> str:
        """Return how many letters are neither out nor given up, or not said to be."""
        waiting = await self.value(
            "notify",
            "select count(*) from notify.messages as message "
            "where (not said and state in ('handed-over', 'bounced', 'failed')) "
            f"or (state in ('queued', 'claimed', 'sending', 'deferred', 'unknown') and {FREE})",
        )
        return f"{waiting} letters are on their way" if waiting else ""

    async def prove(self, seconds: float = 60, leaves: Sequence[str] = (), excuses: Collection[LogEvent] = ()) -> None:
        """Wait for quiet, letters included, then check every invariant, and that the log tells of the fault.

        ``leaves``: what a process must have said since the test began, as ``process:event``; ``excuses``: what one
        may say for once.
        """
        await self.settle(seconds)
        await until_quiet(self._posting, seconds)
        await self.settle(seconds)
        after = Aftermath(self.mail.messages(), self.by_hand, self.lines(), leaves, excuses)
        await assert_invariants(self.tools.bootstrap, self.tools.prefix, self.tools.partitions, self.stack.urls, after)

    async def stop(self) -> None:
        """End the processes and the clients; the servers are others'."""
        await self.stack.stop()
        if self._cuts is not None:
            await self._cuts.stop()
        await self.tools.close()
        await self.mail.stop()
