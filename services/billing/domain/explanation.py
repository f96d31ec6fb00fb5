"""How a unit's pence of an amount came about: exact value, floor, the rank of its remainder, its lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from services.billing.domain.charges import taken_by
from services.billing.domain.division import Lot
from services.billing.domain.facts import Charge, Credit, FactKind, ShareVersion


class Pool(NamedTuple):
    """What is divided: a charge, or a credit of it; net and tax in pence, signed as owed.

    A credit that completes its charge ``takes_what_is_left`` of each part instead.
    """

    kind: FactKind
    fact_id: str
    net_pence: int
    tax_pence: int
    takes_what_is_left: bool = False

    @property
    def gross_pence(self) -> int:
        """Net and tax together."""
        return self.net_pence + self.tax_pence


def pools_of(charge: Charge, credited: Sequence[Credit]) -> list[Pool]:
    """Return a charge, then its credits in the order in which they were accepted."""
    taken = zip(credited, taken_by(charge, credited), strict=True)
    return [
        Pool(FactKind.CHARGE, charge.charge_id, charge.net_pence, charge.tax_pence),
        *(
            Pool(FactKind.CREDIT, credit.credit_id, -net_pence, -tax_pence, takes_what_is_left)
            for credit, (net_pence, tax_pence, takes_what_is_left) in taken
        ),
    ]


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
    """Explain a unit's part of an amount in the steps of contract.md 6, division.

    A negative amount (a credit) is divided like its absolute value: all its pence and fractions are negative.
    """
    sign, whole_pence = (-1 if amount < 0 else 1), abs(amount)
    weight = version.weights[version.unit_ids.index(unit_id)]
    rank, odd = _rank_of(whole_pence, unit_id, version, lot)
    exact = Fraction(whole_pence * weight, version.whole)
    floor = exact.numerator // exact.denominator
    return Claim(
        amount, str(Fraction(weight, version.whole)), str(sign * exact), sign * floor, str(sign * (exact - floor)),
        rank, odd, lot(unit_id).hex(), sign * (floor + (rank <= odd)),
    )  # fmt: skip


def _rank_of(amount: int, unit_id: str, version: ShareVersion, lot: Lot) -> tuple[int, int]:
    """Return a unit's place (from 1) among those that get odd pennies, and how many pennies there are.

    Only those whose remainder and share are its own draw lots.
    """
    keys = [(amount * weight % version.whole, weight) for weight in version.weights]
    own = keys[version.unit_ids.index(unit_id)]
    level = (other for other, key in zip(version.unit_ids, keys, strict=True) if key == own)
    before = sum(key > own for key in keys) + sum(lot(other) < lot(unit_id) for other in level)
    return before + 1, sum(rest for rest, _ in keys) // version.whole


def exact_value(amount: int, share: str) -> str:
    """Return a share (``3/27``) of an amount in pence as an exact fraction (``100000/9``)."""
    return str(amount * Fraction(share))
