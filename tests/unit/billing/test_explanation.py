"""An explanation's steps end at the pence that division bills."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import division
from services.billing.domain.explanation import claim_of, exact_value
from services.billing.domain.facts import ShareVersion
from tests.unit.billing.builders import a_set
from tests.unit.billing.test_division import whole_sets

TITLE = a_set(*((f"U{number}", share, 27) for number, share in enumerate((3, 3, 4, 4, 4, 4, 5), start=1)))


@given(st.integers(0, 10**13 - 1) | st.integers(0, 50), whole_sets(), st.text(min_size=1, max_size=8))
def test_the_explained_pence_are_the_billed_ones(pence: int, version: ShareVersion, charge_id: str) -> None:
    lot = division.lot_of(charge_id)
    billed = division.divide(pence, version.unit_ids, version.weights, version.whole, lot)
    claims = [claim_of(pence, unit_id, version, lot) for unit_id in version.unit_ids]
    assert [claim.pence for claim in claims] == billed
    assert sorted(claim.rank for claim in claims) == list(range(1, len(claims) + 1))


def test_3_1_the_odd_pennies_go_to_the_four_largest_remainders() -> None:
    claim = claim_of(100_000, "U3", TITLE, division.lot_of("C1"))
    assert (claim.exact, claim.floor_pence, claim.remainder) == ("400000/27", 14814, "22/27")
    assert (claim.rank <= claim.odd_pence, claim.odd_pence, claim.pence) == (True, 4, 14815)


def test_exact_value_of_a_line_is_its_share_of_the_pool() -> None:
    assert Fraction(exact_value(-21_000, "5/27")) == Fraction(-35_000, 9)
