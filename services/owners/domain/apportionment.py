"""Proposing a share set from what is registered of a block's units: exact fractions, or the units that lack a figure.

Source: Tenements (Scotland) Act 2004, schedule 1 rule 4 (domain.md R-TEN-3): equal shares, unless the largest floor
area is more than one and a half times the smallest; then by floor area.  Exactly one and a half is equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from shared.events.housing import Basis, Member


class Proposed(StrEnum):
    """What a proposal follows: the scheme's default, or one basis."""

    TMS = "tms"
    EQUAL = "equal"
    FLOOR_AREA = "floor-area"
    RATEABLE_VALUE = "rateable-value"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Shares that total exactly 1, and the basis they came to follow."""

    basis: Basis
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why nothing can be proposed: the figure (``floor_area_m2``, ``rateable_value``) and the units without it."""

    figure: str
    unit_ids: tuple[str, ...]


def propose(figures: Mapping[str, str | None], basis: Proposed) -> Proposal | Lacking:
    """Return the shares of units by their figures, decimal numbers: floor areas, or (by that basis) rateable values.

    Equal shares need no figures; a figure of nothing is lacking.
    """
    if basis is Proposed.EQUAL:
        return _equal(figures)
    weights = {unit_id: Fraction(figure or 0) for unit_id, figure in figures.items()}
    lacking = tuple(sorted(unit_id for unit_id, weight in weights.items() if weight <= 0))
    if lacking:
        by_value = basis is Proposed.RATEABLE_VALUE
        return Lacking("rateable_value" if by_value else "floor_area_m2", lacking)
    if basis is Proposed.TMS and not is_unequal(weights):
        return _equal(figures)
    return Proposal(Basis.RATEABLE_VALUE if basis is Proposed.RATEABLE_VALUE else Basis.FLOOR_AREA, _by(weights))


def is_unequal(areas: Mapping[str, Fraction]) -> bool:
    """Say whether the largest floor area is more than one and a half times the smallest."""
    return 2 * max(areas.values()) > 3 * min(areas.values())


def _equal(unit_ids: Mapping[str, object]) -> Proposal:
    return Proposal(Basis.EQUAL, _by(dict.fromkeys(unit_ids, Fraction(1))))


def _by(weights: Mapping[str, Fraction]) -> tuple[Member, ...]:
    """Return each unit's weight over the sum of all, reduced, in order of unit_id."""
    whole = sum(weights.values())
    shares = {unit_id: weight / whole for unit_id, weight in weights.items()}
    return tuple(
        Member(unit_id=unit_id, numerator=share.numerator, denominator=share.denominator)
        for unit_id, share in sorted(shares.items())
    )
