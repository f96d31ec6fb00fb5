"""The same three servers in containers, for tests where a Docker engine answers."""

import asyncio
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
from docker.errors import DockerException

from shared.embedded.errors import ServerError
from shared.embedded.jars import KAFKA_VERSION
from shared.embedded.kafka import creates_topics
from shared.embedded.ports import free_ports
from shared.embedded.postgres import answers

POSTGRES_IMAGE = "postgres:18.6"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
MAIL_IMAGE = "axllent/mailpit:v1.27"
_START_TRIES = 600


@dataclass(slots=True)
class ContainerKafka:
    """A broker in a container; its one listener is advertised under the host's port."""

    bootstrap: str
    container: Any

    async def stop(self) -> None:
        """Remove the container."""
        await asyncio.to_thread(self.container.stop)


@dataclass(slots=True)
class ContainerPostgres:
    """A PostgreSQL server in a container."""

    admin_url: str
    container: Any

    async def stop(self) -> None:
        """Remove the container."""
        await asyncio.to_thread(self.container.stop)


@dataclass(slots=True)
class ContainerMail:
    """Mailpit in a container: SMTP in, an HTTP API to read what came."""

    host: str
    port: int
    api: str
    container: Any

    async def stop(self) -> None:
        """Remove the container."""
        await asyncio.to_thread(self.container.stop)

    def messages(self) -> list[EmailMessage]:
        """Return every message delivered so far, oldest first."""
        listed = httpx.get(f"{self.api}/messages", params={"limit": 10_000}).raise_for_status().json()["messages"]
        found = []
        for entry in reversed(listed):
            raw = httpx.get(f"{self.api}/message/{entry['ID']}/raw").raise_for_status().content
            message = email.message_from_bytes(raw, policy=email.policy.default)
            if isinstance(message, EmailMessage):
                found.append(message)
        return found


def engine_answers() -> bool:
    """Say whether a Docker engine can be reached."""
    import docker  # noqa: PLC0415 - a library of the tests; an installation without it has no engine to ask

    try:
        return bool(docker.from_env(timeout=3).ping())
    except (DockerException, OSError):
        return False


async def start_kafka() -> ContainerKafka:
    """Start the official image as one KRaft node."""
    port = free_ports(1)[0]
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:29093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:29093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xmx512m",
    }
    container = await asyncio.to_thread(_run, KAFKA_IMAGE, environment, {port: port})
    server = ContainerKafka(f"127.0.0.1:{port}", container)
    await _until(KAFKA_IMAGE, server, lambda: creates_topics(server.bootstrap))
    return server


async def start_postgres() -> ContainerPostgres:
    """Start the official image."""
    port = free_ports(1)[0]
    container = await asyncio.to_thread(_run, POSTGRES_IMAGE, {"POSTGRES_PASSWORD": "throw-away"}, {5432: port})
    server = ContainerPostgres(f"postgresql://postgres:throw-away@127.0.0.1:{port}/postgres", container)
    await _until(POSTGRES_IMAGE, server, lambda: answers(server.admin_url))
    return server


async def start_mail() -> ContainerMail:
    """Start Mailpit."""
    smtp, api = free_ports(2)
    container = await asyncio.to_thread(_run, MAIL_IMAGE, {}, {1025: smtp, 8025: api})
    server = ContainerMail("127.0.0.1", smtp, f"http://127.0.0.1:{api}/api/v1", container)
    await _until(MAIL_IMAGE, server, lambda: _answers_http(f"{server.api}/info"))
    return server


def _run(image: str, environment: dict[str, str], ports: dict[int, int]) -> Any:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - a library of the tests

    container = DockerContainer(image)
    for name, value in environment.items():
        container = container.with_env(name, value)
    for inside, outside in ports.items():
        container = container.with_bind_ports(inside, outside)
    try:
        return container.start()
    except (DockerException, OSError) as error:
        raise ServerError(f"The container {image} could not be started: {error}.") from error


async def _until(image: str, server: Any, ready: Any) -> None:
    for _ in range(_START_TRIES):
        if await ready():
            return
        await asyncio.sleep(0.1)
    words = await asyncio.to_thread(_last_words, server.container)
    await server.stop()
    raise ServerError(f"The container {image} started, but does not answer: {words or 'it said nothing'}.")


def _last_words(container: Any) -> str:
    """Return the last line that a container printed, on either stream."""
    lines = b"\n".join(container.get_logs()).decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


async def _answers_http(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False
