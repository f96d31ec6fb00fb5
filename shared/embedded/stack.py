"""The one seam: which servers are used, and their start and stop.

An address in the environment wins; in tests, else a container where a Docker engine answers; else the embedded server.
``CLOSEBOOK_STACK=external|containers|embedded`` forces one. A server that cannot start fails: nothing is skipped.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from shared.embedded.errors import ServerError
from shared.embedded.kafka import EmbeddedKafka, answers_metadata, check_address
from shared.embedded.mail import EmbeddedMail
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.postgres import answers as postgres_answers

KAFKA_VARIABLE = "CLOSEBOOK_KAFKA"
POSTGRES_VARIABLE = "CLOSEBOOK_POSTGRES"
MAIL_VARIABLE = "NOTIFY_SMTP_HOST"


class Mode(StrEnum):
    """Where one server comes from."""

    EXTERNAL = "external"
    CONTAINERS = "containers"
    EMBEDDED = "embedded"


class KafkaServer(Protocol):
    """A broker, wherever it runs."""

    @property
    def bootstrap(self) -> str:
        """Return its address, host:port."""
        ...

    async def stop(self) -> None:
        """Stop it, if we started it."""
        ...


class PostgresServer(Protocol):
    """A PostgreSQL server, wherever it runs."""

    @property
    def admin_url(self) -> str:
        """Return the superuser's address."""
        ...

    async def stop(self) -> None:
        """Stop it, if we started it."""
        ...


class MailServer(Protocol):
    """A mail server that keeps what it gets."""

    @property
    def host(self) -> str:
        """Return the host of its SMTP port."""
        ...

    @property
    def port(self) -> int:
        """Return its SMTP port."""
        ...

    def messages(self) -> list[EmailMessage]:
        """Return what it got so far, oldest first."""
        ...

    async def stop(self) -> None:
        """Stop it, if we started it."""
        ...


@dataclass(frozen=True, slots=True)
class External:
    """A server of somebody else's: used, never stopped. Only the fields of its kind are filled."""

    bootstrap: str = ""
    admin_url: str = field(default="", repr=False)
    host: str = ""
    port: int = 0

    def messages(self) -> list[EmailMessage]:
        """Return nothing: what a foreign mail server got cannot be read."""
        return []

    async def stop(self) -> None:
        """Leave it running."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The three servers of one stack."""

    kafka: KafkaServer
    postgres: PostgresServer
    mail: MailServer

    async def stop(self) -> None:
        """Stop those we started; mail first, the database last."""
        for server in (self.mail, self.kafka, self.postgres):
            await server.stop()


def mode_of(variable: str, *, containers: bool, environment: Mapping[str, str] = os.environ) -> Mode:
    """Return where the server whose address ``variable`` would hold comes from.

    Raises ``ServerError`` when the forced choice cannot be: an unknown word, no address, no Docker engine.
    """
    forced = environment.get("CLOSEBOOK_STACK")
    if forced is not None and forced not in set(Mode):
        raise ServerError(f"CLOSEBOOK_STACK must be external, containers or embedded, it is {forced!r}.")
    if forced == Mode.EXTERNAL and not environment.get(variable):
        raise ServerError(f"CLOSEBOOK_STACK=external needs the server's address in {variable}.")
    if forced == Mode.CONTAINERS and not _engine_answers():
        raise ServerError("CLOSEBOOK_STACK=containers, but no Docker engine answers: start it, or choose embedded.")
    if forced is not None:
        return Mode(forced)
    if environment.get(variable):
        return Mode.EXTERNAL
    return Mode.CONTAINERS if containers and _engine_answers() else Mode.EMBEDDED


async def start_kafka(directory: Path, *, containers: bool = False) -> KafkaServer:
    """Return a broker that answers; an embedded one keeps its data in ``directory``."""
    mode = mode_of(KAFKA_VARIABLE, containers=containers)
    if mode is Mode.EXTERNAL:
        address = check_address(os.environ[KAFKA_VARIABLE])
        await _require(answers_metadata(address), f"Kafka at {address} ({KAFKA_VARIABLE}) does not answer.")
        return External(bootstrap=address)
    if mode is Mode.CONTAINERS:
        from shared.embedded import containers as docker_servers  # noqa: PLC0415 - needs the libraries of the tests

        return await docker_servers.start_kafka()
    return await EmbeddedKafka(directory).start()


async def start_postgres(
    directory: Path, *, containers: bool = False, settings: Mapping[str, str] | None = None
) -> PostgresServer:
    """Return a PostgreSQL server that answers; an embedded one keeps its data in ``directory``."""
    mode = mode_of(POSTGRES_VARIABLE, containers=containers)
    if mode is Mode.EXTERNAL:
        url = os.environ[POSTGRES_VARIABLE]
        await _require(postgres_answers(url), f"PostgreSQL at the address in {POSTGRES_VARIABLE} does not let us in.")
        return External(admin_url=url)
    if mode is Mode.CONTAINERS:
        from shared.embedded import containers as docker_servers  # noqa: PLC0415 - needs the libraries of the tests

        return await docker_servers.start_postgres()
    return await EmbeddedPostgres(directory, settings=settings or {}).start()


async def start_mail(maildir: Path, *, containers: bool = False) -> MailServer:
    """Return a mail server; an embedded one delivers into ``maildir``."""
    mode = mode_of(MAIL_VARIABLE, containers=containers)
    if mode is Mode.EXTERNAL:
        return External(host=os.environ[MAIL_VARIABLE], port=int(os.environ.get("NOTIFY_SMTP_PORT", "25")))
    if mode is Mode.CONTAINERS:
        from shared.embedded import containers as docker_servers  # noqa: PLC0415 - needs the libraries of the tests

        return await docker_servers.start_mail()
    return await EmbeddedMail(maildir).start()


async def start_servers(
    directory: Path,
    *,
    containers: bool = False,
    settings: Mapping[str, str] | None = None,
    prepare: Callable[[str], Awaitable[None]] | None = None,
) -> Servers:
    """Start all three at the same time; when one cannot start, the others are stopped and its error is raised.

    ``settings`` are an embedded PostgreSQL's. ``prepare`` gets the superuser's address as soon as PostgreSQL answers:
    databases are made while Kafka still starts.
    """
    started = await asyncio.gather(
        start_kafka(directory / "kafka", containers=containers),
        _prepared_postgres(directory / "postgres", prepare, containers=containers, settings=settings),
        start_mail(directory / "mail", containers=containers),
        return_exceptions=True,
    )
    failures = [result for result in started if isinstance(result, BaseException)]
    if failures:
        for server in started:
            if not isinstance(server, BaseException):
                await server.stop()
        raise failures[0]
    kafka, postgres, mail = started
    return Servers(kafka, postgres, mail)  # type: ignore[arg-type]  # the failures are gone, gather's type is not


async def _prepared_postgres(
    directory: Path,
    prepare: Callable[[str], Awaitable[None]] | None,
    *,
    containers: bool,
    settings: Mapping[str, str] | None,
) -> PostgresServer:
    server = await start_postgres(directory, containers=containers, settings=settings)
    if prepare is not None:
        try:
            await prepare(server.admin_url)
        except BaseException:
            await server.stop()
            raise
    return server


async def _require(answering: Awaitable[bool], sentence: str) -> None:
    if not await answering:
        raise ServerError(sentence)


def _engine_answers() -> bool:
    try:
        from shared.embedded.containers import engine_answers  # noqa: PLC0415 - needs the libraries of the tests
    except ImportError:
        return False
    return engine_answers()
