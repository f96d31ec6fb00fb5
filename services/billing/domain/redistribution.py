"""Rule 5: a share that cannot be recovered is paid by the other owners, and given back when it is paid after all.

Source: Tenements (Scotland) Act 2004, Tenement Management Scheme, rule 5; domain.md 2.3 (R-TEN-5), 3.12.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from services.billing.domain.division import share_version
from services.billing.domain.facts import ShareVersion


class Taken(NamedTuple):
    """What of a charge on the others is given back to them, in pence."""

    charge_id: str
    pence: int


class Step(NamedTuple):
    """What turns what the others carry into what they should: pence to charge, else what to give back."""

    charge_pence: int
    back: tuple[Taken, ...]


def set_of(write_off_id: str) -> str:
    """Return the name of the share set of those who carry a share that was given up; its charges begin with it."""
    return f"R5:{hashlib.sha256(write_off_id.encode()).hexdigest()[:16]}"


def carriers(version: ShareVersion, write_off_id: str, unit_id: str) -> ShareVersion:
    """Return who carries a unit's share that was given up while a version is in force: the others."""
    members = others(version, unit_id)
    return share_version(set_of(write_off_id), version.effective_from, is_complete=True, members=members)


def others(version: ShareVersion, unit_id: str) -> tuple[tuple[str, int, int], ...]:
    """Return the members ``(unit_id, numerator, denominator)`` of a set without one unit, in their old proportions."""
    left = [pair for pair in zip(version.unit_ids, version.weights, strict=True) if pair[0] != unit_id]
    whole = sum(weight for _, weight in left)
    return tuple((other, weight, whole) for other, weight in left)


def step(standing_pence: int, carried: Sequence[tuple[str, int]]) -> Step:
    """Return what to do when ``standing_pence`` are still given up and the others carry these charges, oldest first.

    What the missing owner paid goes back from the newest charge, each divided as the charge was.
    """
    missing = standing_pence - sum(pence for _, pence in carried)
    if missing >= 0:
        return Step(missing, ())
    back: list[Taken] = []
    for charge_id, pence in reversed(carried):
        taken = min(-missing, pence)
        if taken:
            back.append(Taken(charge_id, taken))
            missing += taken
    return Step(0, tuple(back))
