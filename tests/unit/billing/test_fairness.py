"""What the lot is for: over many charges nobody pays the odd penny more often than chance would have it."""

import random
from fractions import Fraction
from math import isqrt

from services.billing.domain import division
from services.billing.domain.facts import ShareVersion
from tests.unit.billing.builders import equal_set

CHARGES = 10_000
CLOSE = equal_set(7)
FOUR_SIGMA = 4
"""A penny's part is off by at most a half on average, so n charges by half the root of n: four times that is chance."""


def by_lot(charge_id: str, pence: int, version: ShareVersion) -> list[int]:
    return division.divide(pence, version.unit_ids, version.weights, version.whole, division.lot_of(charge_id))


def by_fixed_order(_charge_id: str, pence: int, version: ShareVersion) -> list[int]:
    """The rule that the lot replaces: equal remainders in the order of the members."""
    floors = [pence * weight // version.whole for weight in version.weights]
    return [part + (index < pence - sum(floors)) for index, part in enumerate(floors)]


def drifts(divide: object, charges: int) -> list[Fraction]:
    """How far the worst-off unit is from its exact share, in pence, after each of so many charges."""
    assert callable(divide)
    chance = random.Random(7)
    off = [Fraction(0)] * len(CLOSE.unit_ids)
    worst: list[Fraction] = []
    for number in range(charges):
        pence = chance.randrange(1, 1_000_00)
        parts = divide(f"C{number}", pence, CLOSE)
        off = [gap + part - Fraction(pence, CLOSE.whole) for gap, part in zip(off, parts, strict=True)]
        worst.append(max(map(abs, off)))
    return worst


def test_the_lot_stays_within_chance_and_a_fixed_order_drifts_for_ever() -> None:
    fair, fixed = drifts(by_lot, CHARGES), drifts(by_fixed_order, CHARGES)
    within_chance = FOUR_SIGMA * isqrt(CHARGES) // 2
    assert max(fair) <= within_chance
    # The fixed order's grows with the number of charges: twice as many, about twice as far; far beyond any chance.
    assert fixed[-1] > 10 * within_chance
    assert Fraction(9, 5) < fixed[CHARGES - 1] / fixed[CHARGES // 2 - 1] < Fraction(11, 5)


def test_every_unit_gets_its_turn() -> None:
    lucky = [index for number in range(700) for index, part in enumerate(by_lot(f"C{number}", 1, CLOSE)) if part]
    counts = [lucky.count(index) for index in range(7)]
    assert sum(counts) == 700
    assert min(counts) > 50
