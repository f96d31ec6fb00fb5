"""Connections to PostgreSQL: time limits, a fixed search path, and the raw driver inside a session's transaction."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, NullPool

from shared import metrics

_LENT = "lent_at"
SEARCH_PATH = "pg_catalog"
"""Every name in our SQL carries its schema, so nothing planted in another schema can stand in for it."""

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
"""A command without an answer for this long means a dead network: longer than the server's own statement limit."""
LONG_SECONDS = 120.0
"""How long one statement over all that is kept may take; it reads beside everybody else and locks nothing."""


# An answer that streams waits for whoever reads it.
_SNAPSHOT = f"""
set transaction isolation level repeatable read, read only;
set local idle_in_transaction_session_timeout = '60s';
set local statement_timeout = '{LONG_SECONDS:.0f}s'
"""


def server_settings(
    application_name: str, *, statement_timeout: str = "8s", lock_timeout: str = "3s"
) -> dict[str, str]:
    """Return what a connection asks of the server (time budgets: lock < statement < batch < shutdown)."""
    return {
        "application_name": application_name[:63],
        "search_path": SEARCH_PATH,
        "timezone": "UTC",
        "statement_timeout": statement_timeout,
        "lock_timeout": lock_timeout,
        "idle_in_transaction_session_timeout": "10s",
        # Our statements are short: compiling them costs more than it saves.
        "jit": "off",
        # The server notices a client that vanished, and frees its locks.
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "10000",
    }


def libpq_url(url: str) -> str:
    """Return a database URL as the driver takes it, whatever driver name its scheme carries."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("the database URL does not start with postgresql://")
    return f"postgresql://{rest}"


def database_of(url: str) -> str:
    """Return the database a URL names."""
    return urlsplit(libpq_url(url)).path.lstrip("/")


async def connect(
    url: str,
    *,
    application_name: str,
    settings: dict[str, str] | None = None,
    command_timeout: float | None = COMMAND_SECONDS,
) -> asyncpg.Connection:
    """Open one raw connection outside any pool (relay lease, migrations, tests); the caller closes it."""
    return await asyncpg.connect(
        libpq_url(url),
        timeout=CONNECT_SECONDS,
        command_timeout=command_timeout,
        server_settings=settings or server_settings(application_name),
    )


class MeasuredPool(AsyncAdaptedQueuePool):
    """A pool that tells monitoring how long work waited for a connection, and how long each was lent."""

    def _do_get(self) -> ConnectionPoolEntry:
        started = time.monotonic()
        entry = super()._do_get()
        entry.info[_LENT] = now = time.monotonic()
        metrics.POOL_WAIT.observe(now - started)
        return entry

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        lent_at = record.info.pop(_LENT, None)  # a connection that broke has forgotten it
        if lent_at is not None:
            metrics.DB_LENT.observe(time.monotonic() - lent_at)
        super()._do_return_conn(record)


def create_engine(
    url: str,
    *,
    application_name: str,
    pool_size: int = 5,
    max_overflow: int = 0,
    pool_timeout: float = 3.0,
    ping: bool = False,
    settings: dict[str, str] | None = None,
    command_timeout: float | None = COMMAND_SECONDS,
) -> AsyncEngine:
    """Return an engine over asyncpg; every libpq form of URL works (unix sockets, ``sslmode=verify-full``).

    ``pool_size`` 0 means no pool.  ``ping`` checks a connection before each use: for the staff API, not for the bus,
    which retries anyway.
    """

    async def creator() -> Any:
        return await connect(url, application_name=application_name, settings=settings, command_timeout=command_timeout)

    pool: dict[str, Any] = (
        {
            "poolclass": MeasuredPool,
            "pool_size": pool_size,
            "max_overflow": max_overflow,
            "pool_timeout": pool_timeout,
            "pool_pre_ping": ping,
        }
        if pool_size
        else {"poolclass": NullPool}
    )
    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, hide_parameters=True, **pool)
    event.listen(engine.sync_engine, "checkout", _refuse_unknown_transaction)
    return engine


def _refuse_unknown_transaction(adapted: Any, _record: Any, _proxy: Any) -> None:
    """Replace a connection that comes out of the pool inside a transaction: SQLAlchemy would never commit it.

    A BEGIN that was cancelled while its answer was on the way has begun all the same (a slow network, a time limit), or
    the driver alone believes that it has, and takes the next for a part of it.
    """
    raw = adapted.driver_connection
    if raw.is_closed() or raw.is_in_transaction() or raw._top_xact is not None:
        raise DisconnectionError("the connection is closed, or inside a transaction that nobody knows")


def session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return the maker of sessions; rows stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def driver(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection inside the session's transaction.

    SQLAlchemy sends BEGIN with its first statement only: without this check a write through the driver that comes
    first would commit by itself.
    """
    connection = await session.connection()
    pooled = await connection.get_raw_connection()
    raw: asyncpg.Connection = pooled.driver_connection  # type: ignore[assignment]
    if not raw.is_in_transaction():
        await _begin(connection, pooled.dbapi_connection)
        assert raw.is_in_transaction(), "the session is in autocommit mode"
    return raw


@asynccontextmanager
async def question(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[asyncpg.Connection]:
    """Lend the driver's connection outside any transaction: each statement stands, and commits, for itself."""
    async with sessions() as session:
        connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        pooled = await connection.get_raw_connection()
        raw: asyncpg.Connection = pooled.driver_connection  # type: ignore[assignment]
        yield raw


@asynccontextmanager
async def snapshot(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[asyncpg.Connection]:
    """Lend the driver's connection for one whole answer: all of it is read as of one moment, and nothing is written.

    A statement may take ``LONG_SECONDS``; one that takes longer than ``COMMAND_SECONDS`` tells the driver too.
    """
    async with sessions() as session:
        connection = await driver(session)
        await connection.execute(_SNAPSHOT)
        yield connection


async def _begin(connection: AsyncConnection, adapted: Any) -> None:
    """Send SQLAlchemy's BEGIN alone: a first statement would cost another round trip.

    A connection on which that fails is thrown away: the server may have begun all the same, and then the driver would
    make the next transaction a part of one that nobody commits.  Raises ``ConnectionError``.
    """
    try:
        await adapted._start_transaction()
    except Exception as error:
        await connection.invalidate(error)
        raise ConnectionError("the database began no transaction") from error
