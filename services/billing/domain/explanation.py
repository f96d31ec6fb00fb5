"""How a unit's pence of an amount came about: exact value, floor, the rank of its remainder, its lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.billing.domain.division import Lot
from services.billing.domain.facts import ShareVersion


@dataclass(frozen=True, slots=True)
class Claim:
    """A unit's part of an amount (pence): ``exact`` and ``remainder`` are fractions of a penny's count.

    ``rank`` (from 1) is the place of its remainder among all units of the set, equal ones by larger share, then lower
    ``lot`` (hexadecimal); the first ``odd_pence`` places get a penny more than their ``floor_pence``.
    """

    amount_pence: int
    share: str
    exact: str
    floor_pence: int
    remainder: str
    rank: int
    odd_pence: int
    lot: str
    pence: int


def claim_of(amount: int, unit_id: str, version: ShareVersion, lot: Lot) -> Claim:
    """Explain a unit's part of an amount, which is not negative, in the steps of contract.md 6, division."""
    ranked = _ranked(amount, version, lot)
    odd = amount - sum(amount * weight // version.whole for weight in version.weights)
    place = next(rank for rank, index in enumerate(ranked, start=1) if version.unit_ids[index] == unit_id)
    index = ranked[place - 1]
    exact = Fraction(amount * version.weights[index], version.whole)
    floor = exact.numerator // exact.denominator
    share = Fraction(version.weights[index], version.whole)
    return Claim(
        amount, str(share), str(exact), floor, str(exact - floor), place, odd, lot(unit_id).hex(),
        floor + (place <= odd),
    )  # fmt: skip


def _ranked(amount: int, version: ShareVersion, lot: Lot) -> Sequence[int]:
    """Return the units' places in the set in the order in which they get odd pennies."""

    def claim(index: int) -> tuple[int, int, bytes]:
        weight = version.weights[index]
        return (-(amount * weight % version.whole), -weight, lot(version.unit_ids[index]))

    return sorted(range(len(version.unit_ids)), key=claim)


def exact_value(amount: int, share: str) -> str:
    """Return a share (``3/27``) of an amount in pence as an exact fraction (``100000/9``)."""
    return str(amount * Fraction(share))
