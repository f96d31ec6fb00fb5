"""Debian's PostgreSQL, which speaks TLS and lets nobody in without: an engine of ours gets in one way only."""

import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from shared.db import create_engine, session_factory
from shared.db.engine import driver
from shared.embedded import postgres
from shared.embedded.databases import make_database, provision
from tests.support.certificates import make_authority
from tests.support.debian import libraries, program

_PACKAGES = (
    "postgresql-15", "libpq5", "libxml2", "libicu72", "libldap-2.5-0", "libsasl2-2", "libgssapi-krb5-2", "libkrb5-3",
    "libk5crypto3", "libkrb5support0", "libkeyutils1", "libssl3",
)  # fmt: skip
_DOORS = "hostssl all all 127.0.0.1/32 scram-sha-256\n"


@pytest.fixture(scope="module")
def debians_programs() -> Path:
    try:
        return Path(program("postgres", *_PACKAGES)).resolve().parent
    except AssertionError as error:
        pytest.skip(str(error))


@pytest_asyncio.fixture(scope="module")
async def address(debians_programs: Path, servers_directory: Path) -> AsyncIterator[tuple[str, Path]]:
    """Start the server behind a certificate; yields billing's address, and the authority that vouches for it."""
    directory = servers_directory / "debian"
    directory.mkdir()
    authority, certificate = make_authority(directory)
    doors = directory / "pg_hba.conf"
    doors.write_text(_DOORS)
    settings = {
        "ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": certificate, "hba_file": doors, "fsync": "off",
    }  # fmt: skip
    server = postgres.EmbeddedPostgres(directory / "postgres", settings={k: str(v) for k, v in settings.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "_programs", lambda: debians_programs)
        for name, value in libraries("postgres").items():
            patch.setenv(name, value)
        _only_the_servers(certificate)
        await server.start()
    try:
        await provision(server.admin_url)
        yield (await make_database(server.admin_url, "billing", "behind_tls")).app_url, authority
    finally:
        await server.stop()


def _only_the_servers(key: Path) -> None:
    """Close a key to everybody but the account that the server runs as: it takes no other."""
    key.chmod(0o600)
    user = postgres._system_user()
    if user is not None:
        shutil.chown(key, user)


async def _how_it_got_in(url: str) -> tuple[str, bool, str]:
    """Connect as billing does; return the role, whether the server says that this is TLS, and its version."""
    engine = create_engine(url, application_name="closebook-billing")
    try:
        async with session_factory(engine).begin() as session:
            row = await (await driver(session)).fetchrow(
                "select current_user, ssl, version from pg_catalog.pg_stat_ssl where pid = pg_backend_pid()"
            )
    finally:
        await engine.dispose()
    assert row is not None
    return row["current_user"], row["ssl"], row["version"]


async def test_an_engine_gets_in_inside_tls(address: tuple[str, Path]) -> None:
    url, authority = address
    role, encrypted, version = await _how_it_got_in(f"{url}?sslmode=verify-full&sslrootcert={authority}")
    assert (role, encrypted) == ("billing_app", True)
    assert version in {"TLSv1.2", "TLSv1.3"}


async def test_nobody_gets_in_in_clear(address: tuple[str, Path]) -> None:
    with pytest.raises(DBAPIError, match=r"no pg_hba\.conf entry .* no encryption"):
        await _how_it_got_in(f"{address[0]}?sslmode=disable")


async def test_an_engine_that_trusts_another_authority_does_not_come_in(
    address: tuple[str, Path], tmp_path: Path
) -> None:
    another, _ = make_authority(tmp_path, "another")
    with pytest.raises(ssl.SSLCertVerificationError):
        await _how_it_got_in(f"{address[0]}?sslmode=verify-full&sslrootcert={another}")
