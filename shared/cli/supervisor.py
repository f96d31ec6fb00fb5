"""A whole Closebook on this machine: servers, topics, migrations and the four services as processes.

Used by ``closebook up``, by ``closebook demo`` and by the system and fault tests. It starts nothing again by itself:
for ``up`` the keeper (shared/cli/keeper.py) does.
"""

import asyncio
import fcntl
import signal
import sys
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import httpx

from shared.cli.local_access import write_private
from shared.cli.stack_settings import Folders, StackSettings, inherited
from shared.embedded import databases, stack, topics
from shared.embedded.databases import ServiceUrls
from shared.embedded.errors import ServerError
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.ports import free_ports
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.process import ChildProcess, spawn
from shared.embedded.stack import Servers
from shared.events.topics import LINE_OF_SERVICES

if TYPE_CHECKING:
    from shared.local_issuer import LocalIssuer

PARTITIONS = 3
_READY_SECONDS = 60
DRAIN_SECONDS = 30


class InUseError(ServerError):
    """The directory is another running stack's, which goes on."""


@dataclass(slots=True)
class ServiceProcess:
    """One process of a service, with the ports that it keeps over a restart."""

    service: str
    number: int
    api_port: int
    private_port: int
    child: ChildProcess

    @property
    def name(self) -> str:
        """Return the service's name; a second process carries its number."""
        return self.service if self.number == 1 else f"{self.service}-{self.number}"

    @property
    def api_url(self) -> str:
        """Return the address of the staff API."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def private_url(self) -> str:
        """Return the address of health, status and metrics."""
        return f"http://127.0.0.1:{self.private_port}"


class Stack:
    """The stack of one directory: ``start`` it, start, stop or kill single processes, ``stop`` it.

    ``servers`` and ``urls`` (migrated databases) may be those of a test run; otherwise they are started and made in
    ``directory`` and stopped with the stack. ``overrides`` are further settings of the services; ``program`` gives the
    command line of a service's verb (``serve``).
    """

    def __init__(
        self,
        directory: Path,
        *,
        servers: Servers | None = None,
        urls: Mapping[str, ServiceUrls] | None = None,
        topic_prefix: str = "",
        partitions: int = PARTITIONS,
        overrides: Mapping[str, str] | None = None,
        program: Callable[[str, str], list[str]] | None = None,
        database_settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory = directory.absolute()
        self.folders = Folders(self.directory)
        self.topic_prefix = topic_prefix
        self.partitions = partitions
        self.overrides = dict(overrides or {})
        self._program = program or _program
        self._database_settings = dict(database_settings or {})
        self.processes: dict[tuple[str, int], ServiceProcess] = {}
        self.scheduler: ChildProcess | None = None
        self._given = servers
        self._servers = servers
        self._urls = dict(urls or {})
        self._issuer: LocalIssuer | None = None
        self._tell = tell
        self._lock: IO[str] | None = None

    @property
    def servers(self) -> Servers:
        """Return the running servers."""
        if self._servers is None:
            raise ServerError("The stack has not been started.")
        return self._servers

    @property
    def issuer(self) -> "LocalIssuer":
        """Return the local issuer of tokens."""
        if self._issuer is None:
            raise ServerError("The stack has not been started.")
        return self._issuer

    @property
    def stack_file(self) -> Path:
        """Return the file of addresses and tokens that every command reads."""
        return self.directory / "stack.env"

    @property
    def urls(self) -> Mapping[str, ServiceUrls]:
        """Return each service's two database addresses."""
        return self._urls

    async def start(self, *, without: Container[int] = ()) -> "Stack":
        """Start everything and return when every service is ready; raises ``ServerError`` and leaves nothing behind.

        A service that ends with one of the exit codes ``without`` is done without.
        """
        self._claim_directory()
        try:
            await self._start_servers()
            await self._provide_topics()
            await self.start_services(without=without)
            write_private(self.stack_file, self._cli_settings())
        except BaseException:
            await self.stop()
            raise
        return self

    async def start_services(self, *, without: Container[int] = ()) -> None:
        """Start one process of each service, all at the same time, and wait until they are ready."""
        self._tell("Starting owners, billing, arrears and notify.")
        started = [self.spawn_service(service) for service in LINE_OF_SERVICES]
        await asyncio.gather(*(self._until_ready_or_ended(process, without) for process in started))

    async def start_service(self, service: str, number: int = 1) -> ServiceProcess:
        """Start one process of a service (``number`` 2 is a second one beside the first) and wait until it is ready."""
        process = self.spawn_service(service, number)
        await self.until_ready(process)
        return process

    def spawn_service(self, service: str, number: int = 1) -> ServiceProcess:
        """Start one process of a service without waiting; one that ran before keeps its ports."""
        before = self.processes.get((service, number))
        api_port, private_port = (before.api_port, before.private_port) if before else free_ports(2)
        environment = self.service_environment(service)
        environment[f"{service.upper()}_API_PORT"] = str(api_port)
        environment[f"{service.upper()}_PRIVATE_PORT"] = str(private_port)
        name = service if number == 1 else f"{service}-{number}"
        child = spawn(name, self._program(service, "serve"), log=self.log_of(name), env=environment)
        process = ServiceProcess(service, number, api_port, private_port, child)
        self.processes[service, number] = process
        return process

    async def _until_ready_or_ended(self, process: ServiceProcess, codes: Container[int]) -> None:
        try:
            await self.until_ready(process)
        except ServerError:
            if process.child.exit_code not in codes:
                raise

    async def until_ready(self, process: ServiceProcess) -> None:
        """Return when the process says it is ready; raises ``ServerError`` when it ends or takes too long.

        One that takes in again what its restored database forgot has all the time it needs.
        """
        deadline, missing = time.monotonic() + _READY_SECONDS, ["unreachable"]
        async with httpx.AsyncClient(base_url=process.private_url, timeout=5) as client:
            while process.child.running and time.monotonic() < deadline:
                missing = await _missing(client)
                if not missing:
                    return
                if "retaking" in missing:
                    deadline = time.monotonic() + _READY_SECONDS
                await asyncio.sleep(0.05)
        child = process.child
        what = f"did not become ready ({', '.join(missing)})" if child.running else f"ended ({child.how_it_ended})"
        raise ServerError(
            f"The service {process.name} {what}: {child.last_words(1) or 'it said nothing'}. Its log: {child.log}."
        )

    async def stop_service(self, service: str, number: int = 1) -> int | None:
        """Ask one process to drain and end; return its exit code."""
        child = self.processes[service, number].child
        await child.stop(signal.SIGTERM, grace_seconds=DRAIN_SECONDS)
        return child.exit_code

    def kill_service(self, service: str, number: int = 1) -> None:
        """End one process at once, as a crash would."""
        self.processes[service, number].child.kill()

    def start_scheduler(self) -> None:
        """Start the process that ends each day just after midnight."""
        command = [sys.executable, "-m", "shared.cli.main", "scheduler", "--data", str(self.directory)]
        self.scheduler = spawn("scheduler", command, log=self.log_of("scheduler"), env=self.cli_environment())

    def log_of(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.directory / "logs" / f"{name}.jsonl"

    def service_environment(self, service: str) -> dict[str, str]:
        """Return the environment of one service: what all share, and of the databases its own app role only."""
        return {**inherited(), **self._settings().of_service(service), **self.overrides}

    def cli_environment(self) -> dict[str, str]:
        """Return the environment in which ``closebook`` commands speak to this stack."""
        return {**inherited(), **self._cli_settings()}

    async def watch(self) -> str:
        """Return, as a sentence, the first process that ends by itself and what to look at."""
        while True:
            for name, child in [*self._children(), *self.server_children()]:
                if not child.running:
                    return ended_by_itself(name, child)
            await asyncio.sleep(0.2)

    def server_children(self) -> list[tuple[str, ChildProcess]]:
        """Return the processes of those servers that run on this machine by our own hand, by their names."""
        kafka, postgres = self.servers.kafka, self.servers.postgres
        return [
            *([("Kafka", kafka.process)] if isinstance(kafka, EmbeddedKafka) else []),
            *([("PostgreSQL", postgres.process)] if isinstance(postgres, EmbeddedPostgres) else []),
        ]

    async def stop(self) -> None:
        """Drain and end the services, then stop the servers that the stack started."""
        if self._lock is not None:  # else the directory is another stack's
            self.stack_file.unlink(missing_ok=True)
        if self.scheduler is not None:
            await self.scheduler.stop()
        await asyncio.gather(
            *(self.stop_service(service, number) for service, number in self.processes), return_exceptions=True
        )
        if self._servers is not None and self._given is None:
            await self._servers.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _children(self) -> list[tuple[str, ChildProcess]]:
        children = [(f"The service {process.name}", process.child) for process in self.processes.values()]
        return [*children, *([("The scheduler", self.scheduler)] if self.scheduler else [])]

    def _claim_directory(self) -> None:
        """Take the directory for this stack alone; two stacks on one set of data would tear it apart."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = (self.directory / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise InUseError(
                f"{self.directory} is in use by another running stack: stop it, or name another."
            ) from error
        self._lock = lock

    async def _start_servers(self) -> None:
        if self._servers is None:
            self._tell("Starting Kafka, PostgreSQL and the mail server; making the four databases.")
            self._servers = await stack.start_servers(
                self.directory, settings=self._database_settings, prepare=self._provide_databases
            )
        elif not self._urls:
            await self._provide_databases(self._servers.postgres.admin_url)
        from shared.local_issuer import LocalIssuer  # noqa: PLC0415 - an image of a service has no issuer of tokens

        self._issuer = LocalIssuer.open(self.directory / "issuer")
        for private in (self.folders.print, self.folders.files):
            private.mkdir(mode=0o700, exist_ok=True)  # letters to people

    async def _provide_topics(self) -> None:
        await topics.provision(self.servers.kafka.bootstrap, partitions=self.partitions, prefix=self.topic_prefix)

    async def _provide_databases(self, admin_url: str) -> None:
        """Make and migrate the databases, here and one after the other: a running service may not change its tables."""
        if self._urls:
            return
        from shared.db import migrate  # noqa: PLC0415 - Alembic, which most commands need none of

        self._urls = await databases.provision(admin_url)
        for service, urls in self._urls.items():
            try:
                await migrate.upgrade(urls.owner_url, service)
                await migrate.bootstrap_positions(urls.owner_url, service, self.partitions)
            except Exception as error:
                reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
                raise ServerError(f"The database of {service} could not be migrated: {reason}.") from error

    def _settings(self) -> StackSettings:
        return StackSettings(self.folders, self.servers, self._urls, self.issuer, self.topic_prefix, self.partitions)

    def _cli_settings(self) -> dict[str, str]:
        first = (process for process in self.processes.values() if process.number == 1)
        return self._settings().of_commands({each.service: (each.api_url, each.private_url) for each in first})


def ended_by_itself(name: str, child: ChildProcess) -> str:
    """Return as a sentence without its full stop that a process has ended, how, its last words, and where to look."""
    words = child.last_words(1) or "none"
    return f"{name} has ended by itself ({child.how_it_ended}); its last words: {words} - its log: {child.log}"


def _program(service: str, verb: str) -> list[str]:
    return [sys.executable, "-m", f"services.{service}", verb]


async def _missing(client: httpx.AsyncClient) -> list[str]:
    """Return why a process is not ready, in its own words; empty: it is."""
    try:
        answer = await client.get("/readyz")
    except httpx.TransportError:
        return ["unreachable"]
    failing: list[str] = [] if answer.status_code == httpx.codes.OK else answer.json()["failing"]
    return failing
