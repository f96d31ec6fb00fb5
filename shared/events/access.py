"""Who may read and write which topic: generated from the table of topics, for Kafka's access control lists.

A service reads what it hears and owns, and writes what it owns; nobody else does either.
"""

from enum import IntEnum
from typing import NamedTuple

from shared.events.topics import (
    ACCOUNT_OPENED,
    DAY_CLOSED,
    DAY_ENDED,
    LINE_OF_SERVICES,
    STATEMENT_ISSUED,
    heard_by,
    said_by,
)

HOUSING = "housing"
SCHEDULER = "calendar"
PRINCIPALS = (*LINE_OF_SERVICES, HOUSING, SCHEDULER)
"""Everybody with a Kafka user of their own: the services, the housing system, and what ends the days."""
SIMULATION = "simulation"
"""The simulated housing system, which ends its days itself: a user of demonstrations, with rights only on request."""
SIMULATION_HEARS = (ACCOUNT_OPENED, STATEMENT_ISSUED)
"""What it pays by; the housing system that it plays hears nobody."""

_PLAYS = {SIMULATION: (HOUSING, SCHEDULER)}


class Kind(IntEnum):
    """What a right is about, by Kafka's numbers."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """What a right allows, by Kafka's numbers."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8


class Right(NamedTuple):
    """One thing one user may do."""

    user: str
    operation: Operation
    kind: Kind
    name: str


def user_of(principal: str) -> str:
    """Return the Kafka user of a service, of the housing system (real or simulated) or of the scheduler."""
    return f"closebook-{principal}"


def rights_of(principal: str, prefix: str = "") -> tuple[Right, ...]:
    """Return everything a principal may do; ``prefix`` stands before every topic and group of the installation."""
    user = user_of(principal)
    reads, writes = _read_by(principal), _written_by(principal)
    looks = reads | writes | _cut_by(principal)
    topics = [(Operation.READ, reads), (Operation.WRITE, writes), (Operation.DESCRIBE, looks)]
    rights = [Right(user, what, Kind.TOPIC, prefix + name) for what, names in topics for name in sorted(names)]
    if principal in LINE_OF_SERVICES:
        rights.append(Right(user, Operation.READ, Kind.GROUP, f"{prefix}closebook.{principal}"))
    return tuple(rights)


def _parts(principal: str) -> tuple[str, ...]:
    """Return whose rights a principal has: its own, unless it plays others."""
    return _PLAYS.get(principal, (principal,))


def _written_by(principal: str) -> set[str]:
    return {channel.topic for part in _parts(principal) for channel in said_by(part)}


def _read_by(principal: str) -> set[str]:
    """A service reads what it hears, and its own topics: whether its database knows all that it ever said.

    What ends the days reads which have ended and which are closed.
    """
    reads: set[str] = set()
    if principal in LINE_OF_SERVICES:
        reads |= {channel.topic for channel in (*heard_by(principal), *said_by(principal))}
    if SCHEDULER in _parts(principal):
        reads |= {DAY_ENDED.topic, *(channel.topic for channel in DAY_CLOSED.values())}
    if principal == SIMULATION:
        reads |= {channel.topic for channel in SIMULATION_HEARS}
    return reads


def _cut_by(principal: str) -> set[str]:
    """Return the topics whose ends a principal must see to end a day."""
    return {channel.topic for channel in said_by(HOUSING)} if SCHEDULER in _parts(principal) else set()
