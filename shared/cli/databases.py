"""The services' databases, for commands that work below them: addresses, who uses one, making, renaming, removing."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.cli import last_stop
from shared.cli.environment import Environment
from shared.cli.errors import CliError, ExitCode
from shared.db import roles
from shared.db.engine import libpq_url
from shared.events.topics import LINE_OF_SERVICES

_T = TypeVar("_T")
_USERS = """
select count(*) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid() and usename = $2
"""


@dataclass(frozen=True, slots=True)
class Databases:
    """The four databases, as the administrator of their server sees them."""

    environment: Environment

    @property
    def admin_url(self) -> str:
        """The administrator's address; raises ``CliError`` when it is not named."""
        url = self.environment.values.get("CLOSEBOOK_POSTGRES")
        if not url:
            stopped = last_stop.told(self.environment.folder)
            raise CliError(
                "This command works on the databases themselves and needs their administrator's address"
                f"{f'; {stopped}' if stopped else '.'}",
                "Set CLOSEBOOK_POSTGRES=postgresql://ADMIN:PASSWORD@HOST:PORT/postgres, or name the folder of "
                "`closebook up` with --data DIR.",
                ExitCode.USAGE,
            )
        return libpq_url(url)

    def name(self, service: str) -> str:
        """Return the name of a service's database: CLOSEBOOK_<SERVICE>_DATABASE, else the service's own name."""
        if service not in LINE_OF_SERVICES:
            raise CliError(
                f"There is no service called {service!r}.", f"The services are {', '.join(LINE_OF_SERVICES)}.",
                ExitCode.USAGE,
            )  # fmt: skip
        return self.environment.values.get(f"CLOSEBOOK_{service.upper()}_DATABASE") or service

    def url(self, database: str, role: str = "") -> str:
        """Return the administrator's address of a database, there acting as ``role``."""
        parts = urlsplit(self.admin_url)
        query = "&".join(part for part in (parts.query, f"role={quote(role)}" if role else "") if part)
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", query, ""))

    @asynccontextmanager
    async def connected(self, database: str = "") -> AsyncIterator[asyncpg.Connection]:
        """Yield a connection of the administrator, to a database or to the server's own."""
        try:
            connection = await asyncpg.connect(self.url(database) if database else self.admin_url, timeout=10)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            where = urlsplit(self.admin_url)
            raise CliError(
                f"PostgreSQL at {where.hostname}:{where.port} does not let the administrator into "
                f"{database or 'the server'}: {error}.",
                "Check CLOSEBOOK_POSTGRES; `closebook up` starts the servers on this machine.",
                ExitCode.AWAY,
            ) from error
        try:
            yield connection
        finally:
            await connection.close()

    async def exists(self, database: str) -> bool:
        """Return whether there is a database of that name."""
        async with self.connected() as connection:
            return await connection.fetchval("select true from pg_database where datname = $1", database) is True

    async def is_used(self, service: str) -> bool:
        """Return whether the service itself is connected to its database."""
        async with self.connected() as connection:
            _, app = roles.roles_of(service)
            return int(await connection.fetchval(_USERS, self.name(service), app)) > 0

    async def require_stopped(self, service: str, what: str) -> None:
        """Raise ``CliError`` while the service runs: ``what`` would pull the floor from under it."""
        if await self.is_used(service):
            raise CliError(
                f"The service {service} is running: {what} needs it stopped.",
                f"On the machine of `closebook up` type `closebook stop {service}`; elsewhere stop every process of it "
                "(SIGTERM lets it finish its batch). Then give the command again.",
            )

    async def make(self, service: str, database: str) -> None:
        """Make an empty database with the rights that a service's has."""
        owner, app = roles.roles_of(service)
        async with self.connected() as connection:
            await connection.execute(f"create database \"{database}\" owner {owner} template template0 encoding 'UTF8'")
            await connection.execute(f'revoke all on database "{database}" from public')
            await connection.execute(f'grant connect, temporary on database "{database}" to {app}')
            reader = roles.reader_of(service)
            if not await connection.fetchval("select exists (select from pg_roles where rolname = $1)", reader):
                await connection.execute(f"create role {reader} nologin")
            await connection.execute(f'grant connect on database "{database}" to {reader}')
        async with self.connected(database) as connection:
            await connection.execute("revoke all on schema public from public")

    async def rename(self, old: str, new: str) -> None:
        """Give a database another name; nobody may be connected to it."""
        async with self.connected() as connection:
            await connection.execute(f'alter database "{old}" rename to "{new}"')

    async def exchange(self, live: str, fresh: str, kept: str) -> str | None:
        """Put ``fresh`` in the place of ``live``, which is kept under another name; returns it, if there was one."""
        there = await self.exists(live)
        if there:
            await self.rename(live, kept)
        try:
            await self.rename(fresh, live)
        except BaseException:
            if there:
                await self.rename(kept, live)
            raise
        return kept if there else None

    async def drop(self, database: str) -> None:
        """Remove a database and whoever still uses it."""
        async with self.connected() as connection:
            await connection.execute(f'drop database if exists "{database}" with (force)')


def do(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's work; an error of the database becomes a sentence."""
    try:
        return asyncio.run(work)
    except asyncpg.PostgresError as error:
        raise refused(error) from error


def refused(error: asyncpg.PostgresError) -> CliError:
    """Return the error of a database as a sentence."""
    return CliError(
        f"PostgreSQL refused: {error}.", "Mend that and give the command again; docs/operator.md, Backups, says more."
    )


def child_environment(databases: Databases, service: str, database: str) -> dict[str, str]:
    """Return the environment in which a service's verb works on ``database`` with the service's two roles."""
    owner, app = roles.roles_of(service)
    known = databases.environment
    name = service.upper()
    own = {
        f"{name}_DATABASE_URL": databases.url(database, app),
        f"{name}_OWNER_DATABASE_URL": databases.url(database, owner),
        "CLOSEBOOK_KAFKA": known.kafka,
    }
    # A rebuild sends nothing and writes no files: the mail server named here is never spoken to.
    nowhere = {"NOTIFY_SMTP_HOST": "nowhere.invalid", "NOTIFY_SMTP_PORT": "25", "NOTIFY_PRINT_DIR": os.devnull}
    return {**nowhere, **os.environ, **known.values, **own, "NOTIFY_FILES_DIR": "", "NOTIFY_SENDING": "false"}
