"""Every field of a proof, recomputed by a verifier that shares no rule with billing, for any charge and its credits."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import charges, division
from services.billing.domain.explanation import claim_of, pools_of
from services.billing.domain.facts import Charge, Credit, ShareVersion
from tests.support import proofs
from tests.unit.billing.builders import a_charge, a_credit, a_set
from tests.unit.billing.test_division import whole_sets

AMOUNTS = st.integers(-(10**13) + 1, 10**13 - 1) | st.integers(-50, 50)
SETS = whole_sets() | st.integers(1, 12).map(lambda size: a_set(*((f"U{nth}", 1, size) for nth in range(size))))
"""Unlike denominators, and equal shares: these draw lots for every odd penny."""


def published(version: ShareVersion) -> list[proofs.Member]:
    parted = {unit_id: share.split("/") for unit_id, share in version.shares.items()}
    return [(unit_id, int(top), int(bottom)) for unit_id, (top, bottom) in parted.items()]


@given(AMOUNTS, SETS, st.text(min_size=1, max_size=8))
def test_every_step_of_a_claim_is_what_the_contract_says(pence: int, version: ShareVersion, charge_id: str) -> None:
    lot = division.lot_of(charge_id)
    for unit_id in version.unit_ids:
        found = asdict(claim_of(pence, unit_id, version, lot))
        assert found == proofs.claim(charge_id, pence, unit_id, published(version))


@given(st.lists(st.sampled_from((1, 3, 5)), min_size=1, max_size=6), st.sampled_from((-3, -1, 1, 3)))
def test_equal_remainders_of_unequal_shares_are_ranked_as_the_contract_says(odd_shares: list[int], halves: int) -> None:
    """Half the whole's pence over odd shares: every remainder is half a penny, so the larger share goes first."""
    shares = odd_shares * 2
    version = a_set(*((f"U{nth}", share, sum(shares)) for nth, share in enumerate(shares)))
    for unit_id in version.unit_ids:
        found = asdict(claim_of(version.whole // 2 * halves, unit_id, version, division.lot_of("C1")))
        assert found["remainder"] in ("1/2", "-1/2")
        assert found == proofs.claim("C1", version.whole // 2 * halves, unit_id, published(version))


@st.composite
def credited_charges(draw: st.DrawFn) -> tuple[Charge, list[Credit]]:
    """A charge with or without tax, and credits that may complete it."""
    charge = a_charge("C1", draw(st.integers(1, 10**6)), draw(st.just(0) | st.integers(1, 10**5)), share_set_id="S1")
    found: list[Credit] = []
    for number in range(draw(st.integers(0, 4))):
        left = charges.left_of(charge, found)
        if left:
            pence = draw(st.integers(1, left) | st.just(left))
            found.append(a_credit(pence, f"K{number}"))
    return charge, found


@given(credited_charges())
def test_net_and_tax_of_each_credit_are_what_the_contract_says(story: tuple[Charge, list[Credit]]) -> None:
    charge, given_back = story
    first, *pools = pools_of(charge, given_back)
    assert (first.net_pence, first.tax_pence) == (charge.net_pence, charge.tax_pence)
    expected = proofs.credited(charge.net_pence, charge.tax_pence, [one.amount_pence for one in given_back])
    assert [(-one.net_pence, -one.tax_pence, one.takes_what_is_left) for one in pools] == expected


@given(credited_charges(), SETS)
def test_claims_of_all_units_are_the_parts_of_a_charge_and_its_credits(
    story: tuple[Charge, list[Credit]], version: ShareVersion
) -> None:
    """What is explained is what is posted, net and tax apart, while no credit takes what is left."""
    charge, given_back = story
    lot = division.lot_of(charge.charge_id)
    parts = charges.target(charge, given_back, version, {})
    for pool in pools_of(charge, given_back):
        if pool.takes_what_is_left:
            continue
        posted = {one.unit_id: one[4:] for one in parts if (one.kind, one.fact_id) == (pool.kind, pool.fact_id)}
        for unit_id in version.unit_ids:
            claims = tuple(claim_of(pence, unit_id, version, lot).pence for pence in (pool.net_pence, pool.tax_pence))
            assert posted.get(unit_id, (0, 0)) == claims
