"""A small Closebook under faults: four service processes on servers of their own that a test may stop, kill or starve.

``Plant`` publishes as the housing system would, ends days, and after every fault waits for quiet and proves the books.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from signal import SIGCONT
from typing import Any

import asyncpg
import httpx

from services.billing.domain import refs
from shared.bus.cuts import Cuts
from shared.bus.positions import Lane
from shared.cli.supervisor import ServiceProcess, Stack
from shared.db.engine import connect
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.events.topics import CHANNELS, LINE_OF_SERVICES, said_by
from tests.support.bus import cloud_event
from tests.support.invariants import assert_invariants, read_topics
from tests.support.kafka_tools import KafkaTools
from tests.support.plant_parts import Said, portfolio, process_state, until_quiet
from tests.support.scripted_mail import ScriptedMail

UNITS = tuple(f"U{number:02}" for number in range(1, 13))
FIRST_DAY = date(2026, 1, 5)

_HOUSING = tuple(channel for channel in CHANNELS if channel.owner == "housing")


@dataclass
class Plant:
    """The processes, the servers, and what has happened so far."""

    stack: Stack
    tools: KafkaTools
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    mail: ScriptedMail
    today: date = FIRST_DAY
    number: int = 0
    _cuts: Cuts | None = None

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
        records: dict[str, list[tuple[bytes | None, bytes | None]]] = {}
        for topic, key, data in facts:
            value = cloud_event(f"housing.{topic}", data, self.fresh("event"))
            records.setdefault(f"housing.{topic}", []).append((key.encode(), value))
        for topic, rows in records.items():
            await self.tools.send_many(topic, rows)

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
                await self.say_many(self.mixture(per_second // 5))
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

    # Processes --------------------------------------------------------------------------------------------------

    async def start(self, service: str, number: int = 1, *, crash_at: str = "", **settings: str) -> ServiceProcess:
        """Start a process of a service and wait until it is ready; ``crash_at``: tests/support/crashing.py."""
        process = self.spawn(service, number, crash_at=crash_at, **settings)
        await self.stack.until_ready(process)
        return process

    def spawn(self, service: str, number: int = 1, *, crash_at: str = "", **settings: str) -> ServiceProcess:
        """Start a process of a service without waiting."""
        before = dict(self.stack.overrides)
        self.stack.overrides |= settings | ({"CRASH_AT": f"{service}/{crash_at}"} if crash_at else {})
        try:
            return self.stack.spawn_service(service, number)
        finally:
            self.stack.overrides = before

    async def until_dead(self, service: str, number: int = 1, seconds: float = 60) -> int | None:
        """Wait until a process has ended; returns its exit code, None when it still lives."""
        child = self.stack.processes[service, number].child
        await child.wait(seconds)
        return child.exit_code

    async def heal(self) -> None:
        """Bring everything back: servers running, one process of each service, nothing frozen."""
        for process in self.stack.processes.values():
            process.child.send(SIGCONT)
        await self.revive_postgres()
        await self.revive_kafka()
        self.mail.drop_after_dot = 0
        for service, number in [key for key in self.stack.processes if key[1] > 1]:
            await self.stack.stop_service(service, number)
            del self.stack.processes[service, number]
        for service in LINE_OF_SERVICES:
            async with self.database(service) as connection:
                await connection.execute(
                    "update msg.position set quarantined_at = null where quarantined_at is not null"
                )
        dead = [name for name in LINE_OF_SERVICES if not self.stack.processes[name, 1].child.running]
        await asyncio.gather(*(self.start(name) for name in dead))

    async def revive_kafka(self) -> None:
        """Let the broker run again on its data."""
        self.kafka.process.send(SIGCONT)
        if not self.kafka.process.running:
            await self.kafka.start()

    async def revive_postgres(self) -> None:
        """Let PostgreSQL run again on its data."""
        self.postgres.process.send(SIGCONT)
        if not self.postgres.process.running:
            await self.postgres.start()

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a `closebook` command as a process against this stack; returns its exit code and all it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shared.cli.main", *arguments, "--data", str(self.stack.directory),
            env=self.stack.cli_environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, printed.decode()

    async def until_frozen(self, service: str, number: int = 1, seconds: float = 60) -> None:
        """Wait until a process has stopped itself (its state is T)."""
        pid = self.stack.processes[service, number].child.pid

        async def moving() -> str:
            return "" if process_state(pid) == "T" else f"{service} still runs"

        await until_quiet(moving, seconds)

    async def until_read(self, service: str, *, but: Lane | None = None, seconds: float = 60) -> None:
        """Wait until a service has read all there is of what the housing system said (``but`` one lane)."""

        async def moving() -> str:
            places = "select topic, partition_no, next_offset from msg.position where topic like 'housing.%'"
            positions = {(row[0], row[1]): row[2] for row in await self.rows(service, places)}
            return await self._unread({lane: position for lane, position in positions.items() if lane != but})

        await until_quiet(moving, seconds)

    async def facts(self, service: str, number: int = 1) -> dict[str, Any]:
        """Return what a process says of itself on its private port."""
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{self.stack.processes[service, number].private_url}/statusz")
        found: dict[str, Any] = answer.json()
        return found

    async def until_member(self, service: str, number: int, seconds: float = 60) -> None:
        """Wait until a process has claimed a lane: Kafka has shared the partitions out anew."""
        owner = f"-{self.stack.processes[service, number].child.pid}"

        async def moving() -> str:
            claimed = "select exists (select from msg.position where owner like '%' || $1)"
            return "" if await self.value(service, claimed, owner) else f"{service} {number} has claimed nothing"

        await until_quiet(moving, seconds)

    async def until_moving(self, service: str, seconds: float = 30) -> None:
        """Wait until a service commits batches of housing topics again and relays what they say."""
        newest = "select coalesce(max(committed_at), 'epoch') from msg.batch_log where topic like 'housing.%'"
        relayed = "select coalesce(max(beat_at), 'epoch') from msg.relay_lease"
        before: list[Any] = []

        async def moving() -> str:
            now = [await self.value(service, newest), await self.value(service, relayed)]
            before[:] = before or now
            return "" if now[0] > before[0] and now[1] > before[1] else f"{service} has stood still since {before}"

        await until_quiet(moving, seconds)

    async def until_leads(self, service: str, number: int, seconds: float = 60) -> None:
        """Wait until a process relays for its service."""

        async def moving() -> str:
            return "" if (await self.facts(service, number))["relay_leads"] else f"{service} {number} stands by"

        await until_quiet(moving, seconds)

    async def until_shared(self, service: str, seconds: float = 60) -> None:
        """Wait until both living processes of a service have taken over partitions of housing topics."""
        living = {str(process.child.pid) for (name, _), process in self.stack.processes.items() if name == service}
        owners = "select distinct split_part(owner, '-', -1) as pid from msg.position where topic like 'housing.%'"

        async def moving() -> str:
            return "" if living <= {row["pid"] for row in await self.rows(service, owners)} else "one reads everything"

        await until_quiet(moving, seconds)

    def mark(self, name: str) -> int:
        """Return the end of a process's log: ``said`` looks from there."""
        log = self.stack.log_of(name)
        return log.stat().st_size if log.exists() else 0

    def said(self, name: str, event: str, since: int = 0) -> list[dict[str, Any]]:
        """Return the log lines of one event that a process has written since a mark."""
        with self.stack.log_of(name).open("rb") as log:
            log.seek(since)
            lines = log.readlines()
        found = []
        for line in lines:
            with suppress(ValueError):  # a killed process may leave half a line
                found.append(json.loads(line))
        return [line for line in found if line["event.name"] == event]

    # Databases --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """Yield a connection of the role that owns a service's tables."""
        connection = await connect(self.stack.urls[service].owner_url, application_name="fault-test")
        try:
            yield connection
        finally:
            await connection.close()

    async def value(self, service: str, statement: str, *arguments: object) -> Any:
        """Return one value from a service's database."""
        async with self.database(service) as connection:
            return await connection.fetchval(statement, *arguments)

    async def rows(self, service: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Return rows from a service's database."""
        async with self.database(service) as connection:
            return list(await connection.fetch(statement, *arguments))

    async def repeats(self, service: str) -> int:
        """Return how many records of a service's topics came on Kafka more than once."""
        wire = await read_topics(self.kafka.bootstrap, self.tools.prefix, self.tools.partitions)
        values = [(record.topic, record.value) for c in said_by(service) for record in wire[c.topic]]
        return len(values) - len(set(values))

    # Proof ------------------------------------------------------------------------------------------------------

    @property
    def cuts(self) -> Cuts:
        """Return who asks Kafka for log ends."""
        if self._cuts is None:
            self._cuts = Cuts(self.kafka.bootstrap, prefix=self.tools.prefix, partitions=self.tools.partitions)
        return self._cuts

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
            "select count(*) from notify.messages where (not said and state in ('handed-over', 'bounced', 'failed')) "
            "or state in ('queued', 'claimed', 'sending', 'deferred', 'unknown')",
        )
        return f"{waiting} letters are on their way" if waiting else ""

    async def _unread(self, positions: dict[Lane, int]) -> str:
        ends = await self.cuts.ends(positions)
        for lane, position in positions.items():
            if position < ends[lane] and not await self.cuts.is_read(lane, position, ends[lane]):
                return f"{lane} is read to {position} of {ends[lane]}"
        return ""

    async def prove(self, seconds: float = 60) -> None:
        """Wait for quiet, letters included, then check every invariant."""
        await self.settle(seconds)
        await until_quiet(self._posting, seconds)
        await self.settle(seconds)
        await assert_invariants(self.kafka.bootstrap, self.tools.prefix, self.tools.partitions, self.stack.urls)

    async def stop(self) -> None:
        """End the processes and the clients; the servers are others'."""
        await self.stack.stop()
        if self._cuts is not None:
            await self._cuts.stop()
        await self.tools.close()
        await self.mail.stop()
