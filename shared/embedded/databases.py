"""One PostgreSQL server, a database per service, and roles that can connect to their own database only.

The owner role makes tables (migrations); the app role may only use them. Passwords derive from the superuser's, so
every process that may provision knows them and none is stored.
"""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from shared.embedded.errors import ServerError
from shared.events.topics import LINE_OF_SERVICES

_ONE_AT_A_TIME = 0x636C6F7365  # advisory lock: roles belong to the whole server, two runs must not make them at once


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """The two addresses of one service's database: for migrations and for serving (``postgresql://``)."""

    owner_url: str
    app_url: str


async def provide_roles(admin_url: str) -> None:
    """Make the owner and the app role of every service, and close the maintenance databases to them."""
    connection = await _admin(admin_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", _ONE_AT_A_TIME)
        for role in (f"{service}_{kind}" for service in LINE_OF_SERVICES for kind in ("owner", "app")):
            verb = "alter" if await _exists(connection, "pg_roles", "rolname", role) else "create"
            await connection.execute(f"{verb} role {role} login password '{_password(admin_url, role)}'")
        for database in ("postgres", "template1"):
            await connection.execute(f"revoke connect on database {database} from public")
    finally:
        await connection.close()


async def provide_database(
    admin_url: str, service: str, *, name: str | None = None, template: str | None = None
) -> ServiceUrls:
    """Make the service's database when it is missing and return its two addresses.

    ``name`` defaults to the service's name; ``template`` copies another database with all its tables and grants.
    """
    database = name or service
    connection = await _admin(admin_url)
    try:
        if not await _exists(connection, "pg_database", "datname", database):
            copied = f' template "{template}"' if template else ""
            await connection.execute(f'create database "{database}" owner {service}_owner{copied}')
        await connection.execute(f'revoke all on database "{database}" from public')
        await connection.execute(f'grant connect on database "{database}" to {service}_app')
    finally:
        await connection.close()
    return urls_of(admin_url, service, database)


async def drop_database(admin_url: str, name: str) -> None:
    """Drop a database and end whatever still uses it."""
    connection = await _admin(admin_url)
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await connection.close()


def urls_of(admin_url: str, service: str, database: str) -> ServiceUrls:
    """Return the two addresses of ``service`` in ``database``."""
    return ServiceUrls(
        owner_url=_url(admin_url, f"{service}_owner", database), app_url=_url(admin_url, f"{service}_app", database)
    )


def _url(admin_url: str, role: str, database: str) -> str:
    parts = urlsplit(admin_url)
    server = parts.netloc.rpartition("@")[2]
    credentials = f"{role}:{quote(_password(admin_url, role), safe='')}"
    return urlunsplit(parts._replace(netloc=f"{credentials}@{server}", path=f"/{database}"))


def _password(admin_url: str, role: str) -> str:
    superuser = unquote(urlsplit(admin_url).password or "")
    return hmac.digest(superuser.encode(), role.encode(), hashlib.sha256).hex()[:32]


async def _admin(admin_url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(admin_url, timeout=15)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        parts = urlsplit(admin_url)
        raise ServerError(
            f"PostgreSQL at {parts.hostname}:{parts.port} does not let the superuser in: {error}."
        ) from error


async def _exists(connection: asyncpg.Connection, catalogue: str, column: str, name: str) -> bool:
    found = await connection.fetchval(f"select exists(select from {catalogue} where {column} = $1)", name)  # noqa: S608
    return bool(found)
