"""A proxy that lends its connections for a transaction at a time: our locks and settings belong to a session."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.bus.failures import FailureKind, kind_of
from shared.db.engine import connect, server_settings
from shared.embedded.directories import allow_passage
from shared.embedded.ports import free_ports
from shared.embedded.process import spawn
from tests.support.debian import libraries, program
from tests.support.plant_parts import until_quiet
from tests.support.servers import Databases


def _configuration(folder: Path, url: str, port: int, settings: Sequence[str]) -> Path:
    server = urlsplit(url)
    lines = (
        "[databases]",
        f"* = host={server.hostname} port={server.port} user={server.username} password={server.password}",
        "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", "auth_type = any",
        "pool_mode = transaction", "default_pool_size = 2", *(["user = nobody"] if os.geteuid() == 0 else []),
        *settings,
    )  # fmt: skip
    file = folder / "pgbouncer.ini"
    file.write_text("\n".join(lines) + "\n")
    allow_passage(file)
    return file


def _carries_nothing(command: str) -> Sequence[str]:
    """From 1.21 on it can carry prepared statements from session to session; the word for that ends an older one."""
    said = subprocess.run(
        [command, "--version"], env={**os.environ, **libraries("pgbouncer")}, capture_output=True, check=True
    )
    version = re.search(rb"PgBouncer (\d+)\.(\d+)", said.stdout)
    assert version, said
    return ["max_prepared_statements = 0"] if (int(version[1]), int(version[2])) >= (1, 21) else []


@asynccontextmanager
async def _pgbouncer(folder: Path, url: str, *settings: str) -> AsyncIterator[str]:
    """Run the real pgbouncer before a database, with two connections to lend; yields the address through it."""
    server, (port,) = urlsplit(url), free_ports(1)
    command = program("pgbouncer", "pgbouncer", "libevent-2.1-7", "libc-ares2")
    file = _configuration(folder, url, port, (*settings, *_carries_nothing(command)))
    log = folder / "pgbouncer.log"
    proxy = spawn("pgbouncer", [command, file], log=log, env={**os.environ, **libraries("pgbouncer")})

    async def silent() -> str:
        return "" if "process up" in log.read_text() else f"pgbouncer said {log.read_text()!r}"

    try:
        await until_quiet(silent, 20)
        yield url.replace(f":{server.port}/", f":{port}/")
    finally:
        await proxy.stop()


async def test_a_proxy_that_lends_by_transaction_does_not_let_a_service_in(
    databases: Databases, tmp_path: Path
) -> None:
    """F63: it refuses what we ask of a session; to a service that is a database which is away."""
    urls = await databases("billing")
    async with _pgbouncer(tmp_path, urls.app_url) as address:
        with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter") as refused:
            await connect(address, application_name="tests")
    assert kind_of(refused.value) is FailureKind.TRANSIENT


async def test_a_proxy_told_to_let_us_in_costs_no_event(databases: Databases, tmp_path: Path) -> None:
    """F63: a session's prepared statement is not where it was prepared; no record is to blame for it."""
    urls = await databases("billing")
    told = "ignore_startup_parameters = " + ",".join([*server_settings("tests"), "extra_float_digits"])
    async with _pgbouncer(tmp_path, urls.app_url, told) as address:
        one, other = [await connect(address, application_name="tests") for _ in range(2)]
        await one.fetchval("select 1")
        async with other.transaction():
            await other.fetchval("select 2")  # on the connection that knows the first one's statement
            with pytest.raises(asyncpg.PostgresError) as mixed:
                await one.fetchval("select 1")
        await one.close()
        await other.close()
    assert kind_of(mixed.value) is FailureKind.TRANSIENT
