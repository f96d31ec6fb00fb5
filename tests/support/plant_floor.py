"""A plant's processes, servers, logs and databases: what a fault test starts, ends, waits for and looks at."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from signal import SIGCONT
from typing import Any

import asyncpg
import httpx

from shared.bus.cuts import Cuts
from shared.bus.positions import Lane
from shared.cli.supervisor import ServiceProcess, Stack
from shared.db.engine import connect
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import KafkaServer
from shared.events.topics import LINE_OF_SERVICES, said_by
from tests.support.invariants import read_topics
from tests.support.kafka_tools import KafkaTools
from tests.support.plant_parts import process_state, until_quiet
from tests.support.scripted_mail import ScriptedMail

FIRST_DAY = date(2026, 1, 5)


@dataclass
class PlantFloor:
    """The processes, the servers, and how far the plant has come.

    ``by_hand``: commands that the test gave as a person would; ``began``: where the logs stood when the test began.
    """

    stack: Stack
    tools: KafkaTools
    kafka_server: KafkaServer
    postgres: EmbeddedPostgres
    mail: ScriptedMail
    today: date = FIRST_DAY
    number: int = 0
    by_hand: int = 0
    began: dict[str, int] = field(default_factory=dict)
    _cuts: Cuts | None = None

    @property
    def kafka(self) -> EmbeddedKafka:
        """Return the broker as a process; a scripted one has none."""
        assert isinstance(self.kafka_server, EmbeddedKafka), "this broker cannot be stopped and started"
        return self.kafka_server

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
        self.began = {process.name: self.mark(process.name) for process in self.stack.processes.values()}

    async def revive_kafka(self) -> None:
        """Let the broker run again on its data."""
        if not isinstance(self.kafka_server, EmbeddedKafka):
            return
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
        return [line for line in self._read(name, since) if line["event.name"] == event]

    def lines(self) -> dict[str, list[dict[str, Any]]]:
        """Return what each process has written since the test began, by its name."""
        names = (process.name for process in self.stack.processes.values())
        return {name: self._read(name, self.began.get(name, 0)) for name in names}

    def _read(self, name: str, since: int) -> list[dict[str, Any]]:
        with self.stack.log_of(name).open("rb") as log:
            log.seek(since)
            lines = log.readlines()
        found = []
        for line in lines:
            with suppress(ValueError):  # a killed process may leave half a line
                found.append(json.loads(line))
        return found

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
        wire = await read_topics(self.tools.bootstrap, self.tools.prefix, self.tools.partitions)
        values = [(record.topic, record.value) for c in said_by(service) for record in wire[c.topic]]
        return len(values) - len(set(values))

    # Kafka ------------------------------------------------------------------------------------------------------

    @property
    def cuts(self) -> Cuts:
        """Return who asks Kafka for log ends."""
        if self._cuts is None:
            self._cuts = Cuts(self.tools.bootstrap, prefix=self.tools.prefix, partitions=self.tools.partitions)
        return self._cuts

    async def _unread(self, positions: dict[Lane, int]) -> str:
        ends = await self.cuts.ends(positions)
        for lane, position in positions.items():
            if position < ends[lane] and not await self.cuts.is_read(lane, position, ends[lane]):
                return f"{lane} is read to {position} of {ends[lane]}"
        return ""
