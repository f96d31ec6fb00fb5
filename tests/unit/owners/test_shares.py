"""Share sets: a whole or INCOMPLETE, no unit twice (contract.md 2 and 4)."""

import timeit
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.owners.domain.shares import is_complete, unit_named_twice
from shared.events.housing import Member


def members(*fractions: tuple[int, int]) -> list[Member]:
    """Return members with these shares."""
    return [Member(unit_id=f"U{n}", numerator=top, denominator=bottom) for n, (top, bottom) in enumerate(fractions)]


def test_shares_that_total_one_are_complete() -> None:
    assert is_complete(members((3, 8), (5, 8)))


def test_unlike_fractions_are_added_exactly() -> None:
    assert is_complete(members((1, 2), (1, 3), (1, 6)))


def test_case_1_shares_that_total_less_than_one_are_incomplete() -> None:
    assert not is_complete(members((4998, 10000), (4998, 10000)))


def test_shares_that_total_more_than_one_are_incomplete() -> None:
    assert not is_complete(members((2, 3), (2, 3)))


def test_three_times_a_rounded_third_is_incomplete() -> None:
    assert not is_complete(members(*[(333_333_333_333, 999_999_999_998)] * 3))


def test_a_unit_that_stands_twice_in_a_set_is_named() -> None:
    twice = [*members((1, 2)), *members((1, 2))]
    assert unit_named_twice(twice) == "U0"


def test_a_set_that_names_each_unit_once_is_fine() -> None:
    assert unit_named_twice(members((1, 2), (1, 2))) is None


def test_thousands_of_unlike_denominators_cost_no_more_than_plain_fractions_do() -> None:
    """Measured: one and a half times as much."""
    wild = members(*((n + 1, 10**12 - 1 - n) for n in range(2_000)))
    plain = timeit.repeat(lambda: sum(Fraction(one.numerator, one.denominator) for one in wild), number=1, repeat=3)
    assert min(timeit.repeat(lambda: is_complete(wild), number=1, repeat=3)) < 5 * min(plain)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=12))
def test_complete_means_the_fractions_total_one(shares: list[tuple[int, int]]) -> None:
    total = sum(Fraction(top, bottom) for top, bottom in shares)
    assert is_complete(members(*shares)) == (total == 1)
