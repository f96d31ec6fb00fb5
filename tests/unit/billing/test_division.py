"""Dividing pence between units and between days."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import division
from services.billing.domain.facts import ShareVersion
from tests.unit.billing import exact
from tests.unit.billing.builders import a_set, day, equal_set


@st.composite
def whole_sets(draw: st.DrawFn) -> ShareVersion:
    """Share sets that total exactly 1, with unlike denominators and many equal shares."""
    weights = draw(st.lists(st.integers(1, 6) | st.integers(1, 10**9), min_size=1, max_size=30))
    whole = sum(weights)
    shares = [Fraction(weight, whole) for weight in weights]
    return a_set(*((f"U{number}", share.numerator, share.denominator) for number, share in enumerate(shares)))


def divide(pence: int, version: ShareVersion, charge_id: str = "C1") -> list[int]:
    return division.divide(pence, version.unit_ids, version.weights, version.whole, division.lot_of(charge_id))


@given(st.integers(0, 10**13 - 1) | st.integers(0, 50), whole_sets(), st.text(min_size=1, max_size=8))
def test_division_is_what_exact_fractions_say(pence: int, version: ShareVersion, charge_id: str) -> None:
    shares = {unit_id: Fraction(share) for unit_id, share in version.shares.items()}
    assert dict(zip(version.unit_ids, divide(pence, version, charge_id), strict=True)) == exact.divided(
        charge_id, pence, shares
    )


@given(st.integers(-(10**13) + 1, 10**13 - 1), whole_sets())
def test_no_penny_is_lost_between_units(pence: int, version: ShareVersion) -> None:
    assert sum(divide(pence, version)) == pence


@given(st.integers(0, 10**13 - 1), whole_sets())
def test_nobody_is_a_penny_away_from_the_exact_share(pence: int, version: ShareVersion) -> None:
    parts = divide(pence, version)
    assert all(
        abs(part - Fraction(pence * weight, version.whole)) < 1
        for part, weight in zip(parts, version.weights, strict=True)
    )


@given(st.integers(0, 10**9), whole_sets())
def test_order_of_members_changes_nothing(pence: int, version: ShareVersion) -> None:
    turned = a_set(*reversed([(name, Fraction(share).numerator, Fraction(share).denominator)
                              for name, share in version.shares.items()]))  # fmt: skip
    forwards = dict(zip(version.unit_ids, divide(pence, version), strict=True))
    assert dict(zip(turned.unit_ids, divide(pence, turned), strict=True)) == forwards


def test_negative_cost_is_divided_like_its_absolute_value() -> None:
    assert divide(-100_003, equal_set(7)) == [-part for part in divide(100_003, equal_set(7))]


def test_three_pence_over_seven_units_leave_four_with_nothing() -> None:
    assert sorted(divide(3, equal_set(7))) == [0, 0, 0, 0, 1, 1, 1]


def test_same_charge_draws_the_same_lot_twice_and_another_charge_another() -> None:
    drawn = {tuple(divide(100_000, equal_set(7), f"C{number}")) for number in range(20)}
    assert divide(100_000, equal_set(7), "C3") == divide(100_000, equal_set(7), "C3")
    assert len(drawn) > 5


def test_odd_penny_goes_to_the_larger_remainder_before_the_larger_share() -> None:
    # Exactly 2.1 and 0.9 pence.
    assert divide(3, a_set(("U1", 7, 10), ("U2", 3, 10))) == [2, 1]


def test_equal_remainders_go_to_the_larger_share_first() -> None:
    # Exactly 1.5 and seven times 0.5 pence: four odd pennies, one of them always the larger share's.
    version = a_set(("U0", 3, 10), *((f"U{number}", 1, 10) for number in range(1, 8)))
    assert divide(5, version)[0] == 2


def test_equal_claims_are_decided_by_the_lower_lot() -> None:
    lot = division.lot_of("C1")
    lucky = min(("U1", "U2"), key=lot)
    assert divide(1, equal_set(2)) == [int(lucky == "U1"), int(lucky == "U2")]


def test_unlike_denominators_are_exact() -> None:
    assert divide(100, a_set(("U1", 1, 2), ("U2", 1, 3), ("U3", 1, 6))) == [50, 33, 17]


@given(st.integers(0, 10**13 - 1), st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_accrual_is_what_exact_fractions_say(pence: int, days: list[int]) -> None:
    ends = [sum(days[: count + 1]) for count in range(len(days))]
    assert division.accrue(pence, ends) == exact.accrued(pence, days)


@given(st.integers(-(10**13), 10**13), st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_no_penny_is_lost_between_days(pence: int, days: list[int]) -> None:
    ends = [sum(days[: count + 1]) for count in range(len(days))]
    assert sum(division.accrue(pence, ends)) == pence


def test_accrual_rounds_halves_up() -> None:
    assert division.accrue(1, [1, 2]) == [1, 0]


def test_shares_that_do_not_total_one_are_never_divided_by() -> None:
    assert not a_set(("U1", 1, 2), ("U2", 1, 3), complete=True).is_complete


def test_registry_can_call_a_whole_set_incomplete() -> None:
    assert not a_set(("U1", 1, 1), complete=False).is_complete


def test_empty_share_set_is_not_whole() -> None:
    assert not a_set().is_complete


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2025-12-31", None), ("2026-01-01", "2026-01-01"), ("2026-02-14", "2026-01-01"), ("2026-02-15", "2026-02-15")],
)
def test_share_set_version_is_in_force_from_its_first_day(on: str, expected: str | None) -> None:
    versions = {day(text): a_set(("U1", 1, 1), since=text) for text in ("2026-02-15", "2026-01-01")}
    found = division.version_on(versions, date.fromisoformat(on))
    assert (found.effective_from.isoformat() if found else None) == expected
