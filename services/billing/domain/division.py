"""Dividing pence without loss: between units by largest remainder and lot, between owners by days."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from services.billing.domain.facts import ShareVersion

Lot = Callable[[str], bytes]
"""Draws the lot of a unit: the lowest gets the odd penny."""


def lot_of(charge_id: str) -> Lot:
    """Return the lot by which a charge's equal remainders are decided: SHA-256 of ``charge_id|unit_id``.

    Each unit is drawn once for a charge, so net, tax and credits share one lot.  Source: contract.md 6, division.
    """
    drawn: dict[str, bytes] = {}

    def draw(unit_id: str) -> bytes:
        lot = drawn.get(unit_id)
        if lot is None:
            lot = drawn[unit_id] = hashlib.sha256(f"{charge_id}|{unit_id}".encode()).digest()
        return lot

    return draw


def divide(amount: int, unit_ids: Sequence[str], weights: Sequence[int], whole: int, lot: Lot) -> list[int]:
    """Divide pence between units by weights that total ``whole``; the parts sum to the amount exactly.

    Exact fractions, floor, left-over pennies by largest remainder; equal remainders: the larger share, then the lower
    lot.  A negative amount is divided like its absolute value.  Source: contract.md 6, division.
    """
    if amount < 0:
        return [-part for part in divide(-amount, unit_ids, weights, whole, lot)]
    if len(weights) == 1:
        return [amount]
    parts, remainders = _floors(amount, weights, whole)
    left = amount - sum(parts)
    if left:
        for index in _favoured(left, remainders, unit_ids, weights, lot):
            parts[index] += 1
    return parts


def _floors(amount: int, weights: Sequence[int], whole: int) -> tuple[list[int], list[int]]:
    pairs = [divmod(amount * weight, whole) for weight in weights]
    return [part for part, _ in pairs], [rest for _, rest in pairs]


def _favoured(
    left: int, remainders: Sequence[int], unit_ids: Sequence[str], weights: Sequence[int], lot: Lot
) -> Iterable[int]:
    """Return who gets one of the ``left`` pennies; only those level at the cut draw lots."""
    above = max(weights) + 1
    keys = [remainder * above + weight for remainder, weight in zip(remainders, weights, strict=True)]
    cut = sorted(keys, reverse=True)[left - 1]
    sure = [index for index, key in enumerate(keys) if key > cut]
    level = [index for index, key in enumerate(keys) if key == cut]
    wanted = left - len(sure)
    if wanted < len(level):
        level.sort(key=lambda index: lot(unit_ids[index]))
    return sure + level[:wanted]


def accrue(amount: int, ends: Sequence[int]) -> list[int]:
    """Divide pence over stretches of days that end after ``ends[i]`` days; the last takes the remainder.

    Each stretch gets what has accrued by its end, rounded half up, less what has accrued by its beginning, so the
    parts sum to the amount.  Source: contract.md 6, who owes; domain.md 3.4.
    """
    if amount < 0:
        return [-part for part in accrue(-amount, ends)]
    if len(ends) == 1:
        return [amount]
    days = ends[-1]
    parts, before = [], 0
    for end in ends:
        so_far = (2 * amount * end + days) // (2 * days)
        parts.append(so_far - before)
        before = so_far
    return parts


def share_version(
    share_set_id: str, effective_from: date, *, is_complete: bool, members: Iterable[tuple[str, int, int]]
) -> ShareVersion:
    """Return a share set's version from its members ``(unit_id, numerator, denominator)``.

    ``is_complete`` is the registry's word; shares that do not total exactly 1 are never divided by, whatever it says.
    """
    rows = list(members)
    whole = math.lcm(*(denominator for _, _, denominator in rows)) if rows else 1
    weights = tuple(numerator * (whole // denominator) for _, numerator, denominator in rows)
    shares = {unit_id: f"{numerator}/{denominator}" for unit_id, numerator, denominator in rows}
    is_whole = is_complete and sum(weights) == whole
    unit_ids = tuple(unit_id for unit_id, _, _ in rows)
    return ShareVersion(share_set_id, effective_from, is_whole, unit_ids, weights, whole, shares)


def gap_of(version: ShareVersion) -> Fraction:
    """Return what a version's shares lack of the whole (negative: how much they exceed it); nothing if they total 1."""
    return 1 - Fraction(sum(version.weights), version.whole)


def version_on(versions: Mapping[date, ShareVersion], day: date) -> ShareVersion | None:
    """Return the version of a share set in force on a day (the latest that began by then), or None before the first.

    ``versions`` is keyed by ``effective_from``.  An incomplete version is in force all the same: it bills nothing.
    """
    begun = [effective_from for effective_from in versions if effective_from <= day]
    return versions[max(begun)] if begun else None
