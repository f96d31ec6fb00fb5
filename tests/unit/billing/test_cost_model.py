"""The whole-cost model of the fee: costs + surplus = fees, and the fee that recovers the costs."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.chart import BY_CODE, AccountType
from services.billing.domain.cost_model import FEES, CostKind, Model, year_days

PENCE = st.integers(-(10**9), 10**9)
MODELS = st.builds(
    Model,
    st.dictionaries(st.sampled_from(CostKind), PENCE),
    PENCE,
    st.dictionaries(st.sampled_from(FEES), PENCE),
    st.integers(1, 90_000),
    st.integers(0, 10**8),
)


def test_a_year_of_640_units() -> None:
    """64,000.00 of costs, 1,500.00 of solicitors' packs: 62,500.00 over 640 flats is 97.66 each, 2.40 too much."""
    costs = {CostKind.STAFF: 48_000_00, CostKind.OVERHEAD: 12_000_00, CostKind.RECHARGE: 3_800_00}
    fees = {"income:management-fee": 60_800_00, "income:admin-fee": 1_500_00}
    found = Model(costs, 200_00, fees, 640)
    assert (found.cost_pence, found.fee_pence, found.surplus_pence) == (64_000_00, 62_300_00, -1_700_00)
    assert (found.cost_per_unit_pence, found.proposed_fee_pence, found.rounding_pence) == (100_00, 97_66, 2_40)
    wanted = Model(costs, 200_00, fees, 640, 1_500_00)
    assert (wanted.to_recover_pence, wanted.proposed_fee_pence, wanted.rounding_pence) == (64_000_00, 100_00, 0)


@given(MODELS)
def test_costs_and_surplus_are_the_fees(found: Model) -> None:
    assert sum(found.costs.values()) + found.bad_debt_pence + found.surplus_pence == sum(found.fees.values())


@given(MODELS)
def test_the_proposed_fees_recover_the_costs_with_the_surplus_and_less_than_a_penny_a_unit(found: Model) -> None:
    proposed = found.proposed_fee_pence
    assert proposed is not None
    others = sum(pence for ledger, pence in found.fees.items() if ledger != "income:management-fee")
    due = found.cost_pence - others + found.wanted_surplus_pence
    assert 0 <= found.rounding_pence < found.units
    assert proposed * found.units == max(due, 0) + found.rounding_pence
    assert (found.cost_pence <= others - found.wanted_surplus_pence) == (proposed == 0)


def test_without_units_there_is_no_fee() -> None:
    found = Model({CostKind.IT: 5}, 0, {}, 0)
    assert (found.proposed_fee_pence, found.cost_per_unit_pence, found.rounding_pence) == (None, None, 0)


def test_a_financial_year_begins_in_april() -> None:
    assert year_days(2027) == (date(2027, 4, 1), date(2028, 3, 31))


def test_the_fees_are_all_that_the_factor_earns() -> None:
    assert set(FEES) == {code for code, account in BY_CODE.items() if account.type is AccountType.INCOME}
