"""What kind of failure the database's own words are: the world was not ready, the data is wrong, or neither."""

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.bus.failures import FailureKind, away_in_words, kind_of


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError,
        asyncpg.SerializationError,
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.ReadOnlySQLTransactionError,
        asyncpg.DiskFullError,
        asyncpg.TooManyConnectionsError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.CannotConnectNowError,
        asyncpg.ConnectionDoesNotExistError,
        # The disk answered with an error: the server panics or comes back, the record is not to blame.
        asyncpg.PostgresIOError,
        # A password that is being changed: the record is not to blame.
        asyncpg.InvalidPasswordError,
        asyncpg.InvalidAuthorizationSpecificationError,
        # A pooling proxy mixed sessions up: the service cannot work through it, and no record is to blame.
        asyncpg.InvalidSQLStatementNameError,
        asyncpg.DuplicatePreparedStatementError,
    ],
)
def test_a_server_that_is_not_ready_is_waited_for(error: type[asyncpg.PostgresError]) -> None:
    assert kind_of(error("words")) is FailureKind.TRANSIENT


def test_a_process_without_memory_does_not_blame_the_record() -> None:
    assert kind_of(MemoryError()) is FailureKind.TRANSIENT


def test_a_pool_without_a_free_connection_does_not_blame_the_record() -> None:
    """SQLAlchemy's own time limit is neither the standard library's nor an error of the database."""
    assert kind_of(PoolTimeoutError("QueuePool limit reached")) is FailureKind.TRANSIENT


def test_a_broker_that_is_away_is_waited_for() -> None:
    assert kind_of(KafkaConnectionError("words")) is FailureKind.TRANSIENT


@pytest.mark.parametrize("error", [asyncpg.CheckViolationError, asyncpg.NumericValueOutOfRangeError])
def test_data_that_the_database_refuses_is_isolated(error: type[asyncpg.PostgresError]) -> None:
    assert kind_of(error("words")) is FailureKind.DATA


@pytest.mark.parametrize("error", [asyncpg.UndefinedTableError("words"), ZeroDivisionError()])
def test_what_nobody_expected_is_a_bug(error: Exception) -> None:
    assert kind_of(error) is FailureKind.BUG


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "PostgreSQL does not answer"),
        (TimeoutError(), "PostgreSQL does not answer"),
        (asyncpg.CannotConnectNowError("words"), "PostgreSQL does not answer"),
        (asyncpg.LockNotAvailableError("words"), "PostgreSQL is busy"),
        (asyncpg.DiskFullError("words"), "PostgreSQL has no room or no connection left"),
        (asyncpg.ReadOnlySQLTransactionError("words"), "PostgreSQL takes no writes"),
        (asyncpg.InvalidPasswordError("words"), "PostgreSQL does not let the service in"),
        (PermissionError(), "A server that the service needs does not answer"),
        (PoolTimeoutError("QueuePool limit reached"), "All connections to PostgreSQL are lent out"),
        (KafkaConnectionError("words"), "Kafka does not answer"),
        (MemoryError(), "The service has no memory left"),
    ],
)
def test_what_is_away_is_named_in_words(error: Exception, words: str) -> None:
    assert away_in_words(error) == words
