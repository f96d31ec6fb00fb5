"""What kind of failure an exception is: the world was not ready, the data is wrong, or nobody expected it."""

from enum import StrEnum

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# Connection, password or role, resources, operator, disk: none of them is a record's fault.
_TRANSIENT_CLASSES = ("08", "28", "53", "57", "58")
_TRANSIENT_STATES = {"40001", "40P01", "55P03", "25006", "57014", "26000", "42P05"}
# The last two: a pooling proxy gave our session's prepared statements to another one.
_AWAY = (
    asyncpg.InterfaceError, OSError, TimeoutError, PoolTimeoutError, EOFError, MemoryError, KafkaError,
)  # fmt: skip


class FailureKind(StrEnum):
    """How the bus answers a failure."""

    TRANSIENT = "transient"
    DATA = "data"
    BUG = "bug"


def sqlstate_of(error: BaseException) -> str | None:
    """Return the SQLSTATE an error carries, through SQLAlchemy's wrapping."""
    seen: BaseException | None = error
    while seen is not None:
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str):
            return state
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def kind_of(error: BaseException) -> FailureKind:
    """Return the kind of a failure (reliability: transient is retried for ever, data is isolated, a bug counts more).

    Class 22 and 23 errors and refusals by a database rule are data; lost connections, passwords that are being
    changed, locks, deadlocks, full or failing disks and read-only standbys are transient, and so is a process without
    memory or without a free connection, and whatever Kafka answers; everything else is a bug.
    """
    state = sqlstate_of(error)
    if state is not None:
        if state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_STATES:
            return FailureKind.TRANSIENT
        return FailureKind.DATA if state[:2] in {"22", "23"} else FailureKind.BUG
    if isinstance(error, _AWAY):
        return FailureKind.TRANSIENT
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _is_connection_loss(error)):
        return FailureKind.TRANSIENT
    return FailureKind.BUG


_WORDS = (
    ("40", "PostgreSQL is busy"), ("55P03", "PostgreSQL is busy"), ("57014", "PostgreSQL is busy"),
    ("53", "PostgreSQL has no room or no connection left"), ("58", "PostgreSQL's disk fails"),
    ("28", "PostgreSQL does not let the service in"), ("25006", "PostgreSQL takes no writes"),
    ("08", "PostgreSQL does not answer"), ("57", "PostgreSQL does not answer"),
)  # fmt: skip
"""By the beginning of a SQLSTATE; the first that fits."""
_NO_ANSWER = (ConnectionError, TimeoutError, asyncpg.InterfaceError, DBAPIError)


def away_in_words(error: BaseException) -> str:
    """Return which server is not ready, for a person who asked: the text of a transient failure, without its own."""
    if isinstance(error, KafkaError):
        return "Kafka does not answer"
    if isinstance(error, MemoryError):
        return "The service has no memory left"
    if isinstance(error, PoolTimeoutError):
        return "All connections to PostgreSQL are lent out"
    state = sqlstate_of(error) or ("08" if isinstance(error, _NO_ANSWER) else "")
    return next(
        (words for begin, words in _WORDS if state.startswith(begin)), "A server that the service needs does not answer"
    )


def describe(error: BaseException) -> str:
    """Return an error's type, SQLSTATE and place in our code: never its text, which may quote the data."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/services/" in code.co_filename or "/shared/" in code.co_filename:
            place = f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    constraint = getattr(getattr(error, "orig", error), "constraint_name", None)
    return " ".join(part for part in (type(error).__name__, sqlstate_of(error), constraint, place) if part)


def _is_connection_loss(error: DBAPIError) -> bool:
    """SQLAlchemy wraps the driver's own connection errors without a state."""
    original = error.orig
    return original is not None and "connection" in str(original).lower()
