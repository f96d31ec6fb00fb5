"""Databases and roles of the four services: each role can reach its own database only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.db.engine import SEARCH_PATH, libpq_url
from shared.events.topics import LINE_OF_SERVICES

_LIMITS = {
    "search_path": SEARCH_PATH,
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: where it runs (``None``: the administrator's database) and what must not exist for it to run."""

    sql: str
    database: str | None = None
    unless_role: str | None = None
    unless_database: str | None = None


def roles_of(service: str) -> tuple[str, str]:
    """Return the owner of a service's tables, and the role the service works as."""
    return f"{service}_owner", f"{service}_app"


def reader_of(service: str) -> str:
    """Return the role through which people read a service's database; nobody logs in as it."""
    return f"{service}_read"


def steps(passwords: Mapping[str, str], services: Sequence[str] = LINE_OF_SERVICES) -> list[Step]:
    """Return everything that is done, in order; ``passwords`` gives the SQL literal of each role's password."""
    done = [Step(f"revoke all on database {name} from public") for name in ("postgres", "template1")]
    for service in services:
        owner, app = roles_of(service)
        for role in (owner, app):
            done += _role_steps(role, passwords[role])
        done.append(Step(f"alter role {app} set statement_timeout = '8s'"))
        done.append(Step(f"create role {reader_of(service)} nologin", unless_role=reader_of(service)))
        done.append(
            Step(f"create database {service} owner {owner} template template0 encoding 'UTF8'", unless_database=service)
        )
        done += [
            Step(f"revoke all on database {service} from public"),
            Step(f"grant connect, temporary on database {service} to {app}"),
            Step(f"grant connect on database {service} to {reader_of(service)}"),
            Step("alter schema public owner to current_user", service),
            Step("revoke all on schema public from public", service),
        ]
    return done


def _role_steps(role: str, password: str) -> list[Step]:
    login = f"login nosuperuser nocreatedb nocreaterole noreplication password {password}"
    return [
        Step(f"create role {role}", unless_role=role),
        Step(f"alter role {role} {login}"),
        *(Step(f"alter role {role} set {name} = '{value}'") for name, value in _LIMITS.items()),
    ]


async def provision(
    admin_url: str, passwords: Mapping[str, str], services: Sequence[str] = LINE_OF_SERVICES
) -> dict[str, str]:
    """Make roles and databases where they are missing and set the passwords; safe to repeat.

    ``passwords`` has one for each of ``<service>_owner`` and ``<service>_app``.  Returns the URL of each role.
    """
    admin = await asyncpg.connect(libpq_url(admin_url))
    try:
        literals = {
            role: await admin.fetchval("select quote_literal($1::text)", word) for role, word in passwords.items()
        }
        have_roles = {row[0] for row in await admin.fetch("select rolname from pg_roles")}
        have_databases = {row[0] for row in await admin.fetch("select datname from pg_database")}
        for step in steps(literals, services):
            if step.unless_role in have_roles or step.unless_database in have_databases:
                continue
            if step.database is None:
                await admin.execute(step.sql)
            else:
                await _run_in(admin_url, step)
    finally:
        await admin.close()
    return {
        role: url_for(admin_url, role, passwords[role], service) for service in services for role in roles_of(service)
    }


async def _run_in(admin_url: str, step: Step) -> None:
    """Databases cannot be changed from outside: one short connection."""
    connection = await asyncpg.connect(libpq_url(admin_url), database=step.database)
    try:
        await connection.execute(step.sql)
    finally:
        await connection.close()


def url_for(admin_url: str, role: str, password: str, database: str) -> str:
    """Return the URL by which a role reaches a database on the administrator's server."""
    parts = urlsplit(libpq_url(admin_url))
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{role}:{quote(password, safe='')}@{address}", f"/{database}", parts.query, ""))


def script(services: Sequence[str] = LINE_OF_SERVICES) -> str:
    """Return the same as a psql script for a new server (compose, Kubernetes); passwords come from the environment.

    ``OWNERS_OWNER_PASSWORD``, ``OWNERS_APP_PASSWORD`` and so on.
    """
    roles = [role for service in services for role in roles_of(service)]
    lines = [
        "-- Generated by `python -m shared.db.roles`; a test keeps it equal.",
        "-- Run by psql as the administrator of a new server; passwords come from the environment.",
        "\\set ON_ERROR_STOP on",
        *(f"\\getenv {role}_password {role.upper()}_PASSWORD" for role in roles),
    ]
    where: str | None = None
    for step in steps({role: f":'{role}_password'" for role in roles}, services):
        if step.database != where:
            lines.append(f"\\connect {step.database or 'postgres'}")
            where = step.database
        lines.append(f"{step.sql};")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(script(), end="")  # noqa: T201 - its output is the script
