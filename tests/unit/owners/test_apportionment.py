"""Proposing a share set from registered figures: the scheme's default, its border, and what is lacking."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.owners.domain.apportionment import Lacking, Proposal, Proposed, propose
from services.owners.domain.shares import is_complete
from shared.events.housing import Basis

EXAMPLE_3_2 = ("40", "48", "52", "55", "55", "58", "62")


def areas(*figures: str | None) -> dict[str, str | None]:
    return {f"U{number}": figure for number, figure in enumerate(figures, start=1)}


def proposed(figures: dict[str, str | None], basis: Proposed = Proposed.TMS) -> Proposal:
    found = propose(figures, basis)
    assert isinstance(found, Proposal)
    return found


def test_3_2_the_scheme_goes_by_floor_area_when_the_largest_is_above_one_and_a_half() -> None:
    found = proposed(areas(*EXAMPLE_3_2))
    assert found.basis is Basis.FLOOR_AREA
    assert [Fraction(m.numerator, m.denominator) for m in found.members] == [Fraction(int(a), 370) for a in EXAMPLE_3_2]


@pytest.mark.parametrize(
    ("largest", "basis"),
    [("60", Basis.EQUAL), ("60.000", Basis.EQUAL), ("60.001", Basis.FLOOR_AREA), ("60.004", Basis.FLOOR_AREA)],
)
def test_case_9_exactly_one_and_a_half_is_equal_and_a_trace_more_is_by_area(largest: str, basis: Basis) -> None:
    assert proposed(areas("40", "48", largest)).basis is basis


def test_the_scheme_names_every_unit_without_an_area() -> None:
    assert propose(areas("40", None, "52", "0"), Proposed.TMS) == Lacking("floor_area_m2", ("U2", "U4"))


def test_rateable_values_that_are_lacking_are_named() -> None:
    assert propose(areas("5000", None), Proposed.RATEABLE_VALUE) == Lacking("rateable_value", ("U2",))


def test_equal_shares_need_no_figures() -> None:
    found = proposed(areas(None, None, None), Proposed.EQUAL)
    assert [(m.unit_id, m.numerator, m.denominator) for m in found.members] == [
        ("U1", 1, 3), ("U2", 1, 3), ("U3", 1, 3),
    ]  # fmt: skip


decimals = st.decimals(Decimal("0.001"), Decimal(9_999_999), places=3).map(str)
figures_of = st.dictionaries(st.sampled_from([f"U{n}" for n in range(40)]), decimals, min_size=1)


@given(figures_of, st.sampled_from(Proposed))
def test_every_proposal_totals_exactly_one(figures: dict[str, str], basis: Proposed) -> None:
    assert is_complete(proposed(dict(figures), basis).members)


@given(figures_of)
def test_shares_by_area_stand_to_each_other_as_the_areas(figures: dict[str, str]) -> None:
    shares = {
        m.unit_id: Fraction(m.numerator, m.denominator) for m in proposed(dict(figures), Proposed.FLOOR_AREA).members
    }
    first = min(figures)
    assert all(shares[u] / shares[first] == Fraction(figures[u]) / Fraction(figures[first]) for u in figures)
