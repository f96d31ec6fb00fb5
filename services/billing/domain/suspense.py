"""Money that waits for somebody to say whose it is: for how long, and whose such words were before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

FEWEST_CHARACTERS = 6
"""Shorter words, such as RENT, are too many people's to learn from."""
_BOUNDS = (30, 60, 90, 120)


@dataclass(frozen=True, slots=True)
class Waited:
    """Pence in suspense by days since their value date."""

    d0_30: int = 0
    d31_60: int = 0
    d61_90: int = 0
    d91_120: int = 0
    over_120: int = 0


def days_waited(received_on: date, day: date) -> int:
    """Return the days since a value date; money dated later has waited none."""
    return max((day - received_on).days, 0)


def waited(receipts: Iterable[tuple[date, int]], day: date) -> Waited:
    """Return ``(value date, pence)`` by how long they have waited on ``day``; the columns sum to all of them."""
    columns = [0] * (len(_BOUNDS) + 1)
    for received_on, pence in receipts:
        days = days_waited(received_on, day)
        columns[sum(days > bound for bound in _BOUNDS)] += pence
    return Waited(*columns)


def proposed(text: str | None, learnt: Mapping[str, Mapping[str, int]]) -> tuple[str, int] | None:
    """Return the account that a payer's words were matched to before, and how often; nothing when they mean two.

    ``learnt`` has for each normalised text the accounts and how many payments people matched.  Words alone count, never
    an amount; it is a person who confirms.
    """
    if text is None or len(text) < FEWEST_CHARACTERS:
        return None
    accounts = learnt.get(text, {})
    return next(iter(accounts.items())) if len(accounts) == 1 else None
