"""What the ladder knows of an account: open items, holds, where it stands in its debt cycle."""

from dataclasses import dataclass, field
from datetime import date

from shared.events.arrears import HoldKind


@dataclass(frozen=True, slots=True)
class Item:
    """One open item as billing tells it; arrears never allocates by itself.

    ``disputed_pence`` of what is open are disputed; ``dispute_ended_on`` is when the last dispute of its charge ended.
    """

    charge_id: str
    issued_on: date
    due_on: date
    open_pence: int
    disputed_pence: int = 0
    dispute_ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands: on the whole account, or (``charge_id``) on one charge of it."""

    kind: HoldKind
    started_on: date
    charge_id: str | None = None


@dataclass(frozen=True, slots=True)
class Flight:
    """Pence that an owner was told a direct debit takes; from the day after ``settled_by`` on it counts as not come."""

    pence: int
    settled_by: date


@dataclass(frozen=True, slots=True)
class Receipt:
    """Pence that an account has of the money of one value date: the bank's day, whenever it was learnt."""

    received_on: date
    pence: int


@dataclass(frozen=True, slots=True)
class Rung:
    """Where on the ladder an account is, in its debt cycles.

    ``stage`` is the last one reached in ``cycle`` (0 none), ``letter_on`` the day of the last stage letter in any
    cycle, ``grace_until`` the first day on which a letter may go after a hold was lifted.
    """

    cycle: int = 1
    stage: int = 0
    stage_on: date | None = None
    letter_on: date | None = None
    grace_until: date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account on the day it is looked at.

    ``paid_on`` is the newest value date of the money it still has; ``before`` is the rung that the last closed
    cycle ended with, given only when the money that closed it was taken back since; ``flights`` is what direct debits
    were announced to take that has neither come nor been called off; ``written_off_pence`` is what stands given up;
    ``receipts`` is the money it still has, read only where a plan is looked at.
    """

    account_id: str
    account_ref: str | None
    internal: bool
    balance_pence: int
    items: tuple[Item, ...]
    rung: Rung = field(default_factory=Rung)
    holds: tuple[Hold, ...] = ()
    paid_on: date | None = None
    before: Rung | None = None
    flights: tuple[Flight, ...] = ()
    written_off_pence: int = 0
    receipts: tuple[Receipt, ...] = ()


def overdue(items: tuple[Item, ...], day: date) -> tuple[Item, ...]:
    """Return the items due before ``day``, the oldest first."""
    late = (item for item in items if item.due_on < day)
    return tuple(sorted(late, key=lambda item: (item.due_on, item.issued_on, item.charge_id)))


def total(items: tuple[Item, ...]) -> int:
    """Return what is open on ``items``, in pence."""
    return sum(item.open_pence for item in items)
