"""One PostgreSQL server with a database per service, and copies of one database for tests.

Roles and rights are those of ``shared.db.roles``. Passwords derive from the superuser's, so every process that may
provision knows them and none is stored.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import asyncpg

from shared.db import roles
from shared.embedded.errors import ServerError
from shared.events.topics import LINE_OF_SERVICES

_ONE_AT_A_TIME = 0x636C6F7365  # advisory lock: roles belong to the whole server, two runs must not make them at once


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """The two addresses of one service's database: for migrations and for serving (``postgresql://``)."""

    owner_url: str
    app_url: str


async def provision(admin_url: str) -> dict[str, ServiceUrls]:
    """Make the roles and the databases of all services where they are missing; return each service's addresses."""
    passwords = {role: _password(admin_url, role) for service in LINE_OF_SERVICES for role in roles.roles_of(service)}
    async with _administrator(admin_url) as connection:
        await connection.execute("select pg_advisory_lock($1)", _ONE_AT_A_TIME)
        await roles.provision(admin_url, passwords)
    return {service: urls_of(admin_url, service, service) for service in LINE_OF_SERVICES}


async def make_database(admin_url: str, service: str, name: str, *, template: str | None = None) -> ServiceUrls:
    """Make one more database for a service's roles; ``template`` copies another with all its tables and rows."""
    owner, app = roles.roles_of(service)
    async with _administrator(admin_url) as connection:
        await connection.execute(f'create database "{name}" owner {owner} template "{template or "template0"}"')
        await connection.execute(f'revoke all on database "{name}" from public')
        await connection.execute(f'grant connect, temporary on database "{name}" to {app}')
        await connection.execute(f'grant connect on database "{name}" to {roles.reader_of(service)}')
    return urls_of(admin_url, service, name)


async def drop_database(admin_url: str, name: str) -> None:
    """Drop a database and end whatever still uses it."""
    async with _administrator(admin_url) as connection:
        await connection.execute(f'drop database if exists "{name}" with (force)')


def urls_of(admin_url: str, service: str, database: str) -> ServiceUrls:
    """Return the two addresses of ``service`` in ``database``."""
    owner, app = (roles.url_for(admin_url, r, _password(admin_url, r), database) for r in roles.roles_of(service))
    return ServiceUrls(owner_url=owner, app_url=app)


def _password(admin_url: str, role: str) -> str:
    superuser = unquote(urlsplit(admin_url).password or "")
    return hmac.digest(superuser.encode(), role.encode(), hashlib.sha256).hex()[:32]


@asynccontextmanager
async def _administrator(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(admin_url, timeout=15)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        parts = urlsplit(admin_url)
        where = f"{parts.hostname}:{parts.port}"
        raise ServerError(f"PostgreSQL at {where} does not let the superuser in: {error}.") from error
    try:
        yield connection
    finally:
        await connection.close()
