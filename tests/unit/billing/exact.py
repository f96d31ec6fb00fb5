"""An independent verifier of divisions: exact fractions, written from contract.md 6 alone."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import floor


def divided(charge_id: str, pence: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Divide by the words of the contract: floor, then penny by penny to the one with the best claim left."""
    exact = {unit_id: pence * share for unit_id, share in shares.items()}
    parts = {unit_id: floor(value) for unit_id, value in exact.items()}
    waiting = set(shares)
    for _ in range(pence - sum(parts.values())):
        best = min(waiting, key=lambda unit_id: _claim(charge_id, unit_id, exact[unit_id], shares[unit_id]))
        parts[best] += 1
        waiting.remove(best)
    return parts


def _claim(charge_id: str, unit_id: str, exact: Fraction, share: Fraction) -> tuple[Fraction, Fraction, str]:
    lot = hashlib.sha256(f"{charge_id}|{unit_id}".encode()).hexdigest()
    return (-(exact - floor(exact)), -share, lot)


def accrued(pence: int, days: list[int]) -> list[int]:
    """Split by days: what has accrued, rounded half up, at the end of each stretch less at its start."""
    total = sum(days)
    marks = [floor(Fraction(pence * sum(days[:count]), total) + Fraction(1, 2)) for count in range(len(days) + 1)]
    return [end - start for start, end in pairwise(marks)]
