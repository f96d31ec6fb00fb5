"""Where a charge and its credits belong."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import charges
from services.billing.domain.facts import Charge, Credit, FactKind, Part, Unit
from services.billing.settings import read_liability_policies
from shared.events.housing import ChargeCredited, ChargeKind, ChargeRaised, Period, Tax
from tests.unit.billing.builders import (
    MANAGED_FROM,
    a_charge,
    a_credit,
    a_set,
    a_unit,
    account,
    amounts,
    by_unit,
    day,
    equal_set,
    units_of,
)

SOLD = units_of(a_unit("U1", ("O1", "2025-01-01", "2026-02-17"), ("O2", "2026-02-17")))
SELLER, BUYER = account(ownership_id="O1"), account(ownership_id="O2")
FLATS = units_of(*(a_unit(f"U{number}") for number in range(1, 8)))


def raised(**facts: object) -> ChargeRaised:
    given = {
        "charge_id": "C1", "kind": ChargeKind.REPAIR, "unit_id": "U1", "amount_pence": 120_00, "description": "Roof",
        "raised_on": day("2026-03-09"), **facts,
    }  # fmt: skip
    return ChargeRaised.model_validate(given)


@pytest.mark.parametrize(
    ("facts", "liable_on"),
    [
        ({"instructed_on": day("2026-03-01"), "completed_on": day("2026-03-02")}, "2026-03-01"),
        ({"completed_on": day("2026-03-02"), "invoiced_on": day("2026-03-03")}, "2026-03-02"),
        ({"invoiced_on": day("2026-03-03")}, "2026-03-03"),
        ({}, "2026-03-09"),
    ],
)
def test_owner_on_the_first_known_of_instructed_completed_invoiced_raised_owes(
    facts: dict[str, date], liable_on: str
) -> None:
    charge = charges.charge_of(raised(**facts), read_liability_policies())
    assert (charge.liable_from, charge.liable_to) == (day(liable_on), day(liable_on))


def test_period_goes_before_every_other_day() -> None:
    period = Period(from_=day("2026-01-01"), to=day("2026-03-31"))
    charge = charges.charge_of(raised(period=period, instructed_on=day("2025-12-01")), read_liability_policies())
    assert (charge.liable_from, charge.liable_to) == (day("2026-01-01"), day("2026-03-31"))


def test_charge_without_tax_is_all_net() -> None:
    charge = charges.charge_of(raised(), read_liability_policies())
    assert (charge.net_pence, charge.tax_pence, charge.gross_pence) == (120_00, 0, 120_00)


def test_tax_is_kept_apart_from_net() -> None:
    charge = charges.charge_of(
        raised(tax=Tax(code="VAT20", net_pence=100_00, tax_pence=20_00)), read_liability_policies()
    )
    assert (charge.net_pence, charge.tax_pence) == (100_00, 20_00)


def test_credit_without_amount_takes_what_is_left() -> None:
    data = ChargeCredited(credit_id="K2", charge_id="C1", reason="mistake", credited_on=day("2026-04-01"))
    assert charges.credit_of(data, left_pence=70_00).amount_pence == 70_00


def test_work_instructed_before_the_sale_is_the_sellers_debt() -> None:
    assert amounts(charges.target(a_charge(on="2026-02-16"), (), None, SOLD)) == {SELLER: 100_00}


def test_work_instructed_on_the_date_of_entry_is_the_buyers_debt() -> None:
    assert amounts(charges.target(a_charge(on="2026-02-17"), (), None, SOLD)) == {BUYER: 100_00}


def test_share_set_version_not_known_makes_the_whole_charge_wait() -> None:
    parts = charges.target(a_charge(share_set_id="S1"), (a_credit(10_00),), None, FLATS)
    assert amounts(parts) == {"share-set:S1": 100_00}
    assert amounts(parts, FactKind.CREDIT) == {"share-set:S1": -10_00}


def test_incomplete_share_set_makes_the_whole_charge_wait() -> None:
    version = a_set(("U1", 1, 2), ("U2", 1, 3), complete=False)
    assert amounts(charges.target(a_charge(share_set_id="S1"), (), version, FLATS)) == {"share-set:S1": 100_00}


def test_only_the_part_of_an_unknown_unit_waits() -> None:
    known = units_of(a_unit("U1"))
    parts = charges.target(a_charge(net=3, share_set_id="S1"), (), a_set(("U1", 2, 3), ("U2", 1, 3)), known)
    assert amounts(parts) == {account("U1"): 2, "unit:U2": 1}


def test_parts_of_nothing_are_left_out() -> None:
    parts = charges.target(a_charge(net=3, share_set_id="S1"), (), equal_set(7), FLATS)
    assert [part.amount_pence for part in parts] == [1, 1, 1]


def test_days_outside_management_wait_and_take_part_in_the_rounding() -> None:
    units = units_of(a_unit("U1", managed_to=day("2026-02-14")))
    parts = charges.target(a_charge(net=35_01, on="2026-01-01", to="2026-03-31"), (), None, units)
    assert amounts(parts) == {account(): 17_51, "managed:U1": 17_50}


def test_days_of_an_owner_not_yet_known_wait() -> None:
    units = units_of(a_unit("U1", ("O1", "2026-01-31")))
    parts = charges.target(a_charge(net=90_00, on="2026-01-01", to="2026-03-31"), (), None, units)
    assert amounts(parts) == {"owner:U1": 30_00, account(): 60_00}


def test_two_stays_of_the_internal_account_are_one_part() -> None:
    units = units_of(
        a_unit("U1", (None, "2025-01-01", "2026-01-31"), ("O1", "2026-01-31", "2026-03-02"), (None, "2026-03-02"))
    )
    parts = charges.target(a_charge(net=90_00, on="2026-01-01", to="2026-03-31"), (), None, units)
    assert amounts(parts) == {account(ownership_id=None): 60_00, account(): 30_00}
    assert len(parts) == 2


def test_three_periods_in_one_quarter_total_the_quarter() -> None:
    units = units_of(
        a_unit("U1", ("O1", "2025-01-01", "2028-01-20"), ("O2", "2028-01-20", "2028-03-01"), ("O3", "2028-03-01"))
    )
    parts = charges.target(a_charge(net=35_00, on="2028-01-01", to="2028-03-31"), (), None, units)
    # 19, 41 and 31 of 91 days: 7.3077, then 23.0769 in all, then the rest.
    assert [part.amount_pence for part in parts] == [7_31, 15_77, 11_92]


def test_each_unit_of_a_set_splits_its_own_part_by_days() -> None:
    units = {**FLATS, **SOLD}
    parts = charges.target(
        a_charge(net=180_00, on="2026-01-01", to="2026-03-31", share_set_id="S1"), (), equal_set(2), units
    )
    assert amounts(parts) == {SELLER: 47_00, BUYER: 43_00, account("U2"): 90_00}


def test_net_and_tax_draw_the_same_lot() -> None:
    parts = charges.target(a_charge(net=1, tax=1, share_set_id="S1"), (), equal_set(2), FLATS)
    assert [part.amount_pence for part in parts] == [2]


def test_partial_credit_is_divided_as_the_charge_was() -> None:
    credited = charges.target(
        a_charge(net=100_00, tax=20_00, share_set_id="S1"), (a_credit(12_01),), equal_set(3), FLATS
    )
    again = charges.target(a_charge(net=10_01, tax=2_00, share_set_id="S1"), (), equal_set(3), FLATS)
    assert by_unit(credited, FactKind.CREDIT) == [-pence for pence in by_unit(again)]


@pytest.mark.parametrize(("credit", "tax"), [(1, 0), (2, 0), (3, 1), (6, 1), (9, 2), (60_00, 10_00)])
def test_tax_of_a_partial_credit_is_in_proportion_rounded_half_up(credit: int, tax: int) -> None:
    parts = charges.target(a_charge(net=100_00, tax=20_00), (a_credit(credit),), None, SOLD)
    assert [-part.tax_pence for part in parts if part.kind == FactKind.CREDIT] == ([tax])


def test_full_credit_mirrors_the_pennies() -> None:
    parts = charges.target(a_charge(net=100_001, tax=17, share_set_id="S1"), (a_credit(100_018),), equal_set(7), FLATS)
    mirrored = {(part.unit_id, -part.net_pence, -part.tax_pence) for part in parts if part.kind == FactKind.CREDIT}
    assert mirrored == {
        (part.unit_id, part.net_pence, part.tax_pence) for part in parts if part.kind == FactKind.CHARGE
    }


def test_completing_credit_gives_back_what_partial_credits_took_too_much() -> None:
    # Of 3 pence over two units one has 2; two credits of 1 penny both take it from the unit that wins the lot.
    parts = charges.target(
        a_charge(net=4, share_set_id="S1"), [a_credit(1, f"K{number}") for number in range(1, 5)],
        equal_set(2), FLATS,
    )  # fmt: skip
    completing = [part.amount_pence for part in parts if part.fact_id == "K4"]
    assert sorted(completing) == [-2, 1]
    assert by_unit((*parts,), FactKind.CREDIT) == [-2, -2]


def test_share_set_version_learnt_late_divides_anew() -> None:
    old = charges.target(a_charge(share_set_id="S1"), (), a_set(("U1", 1, 2), ("U2", 1, 2)), FLATS)
    new = charges.target(a_charge(share_set_id="S1"), (), a_set(("U1", 3, 4), ("U2", 1, 4)), FLATS)
    assert amounts(charges.difference(old, new)) == {account("U1"): 25_00, account("U2"): -25_00}


def test_difference_of_equals_is_empty() -> None:
    parts = charges.target(a_charge(share_set_id="S1"), (a_credit(10_00),), equal_set(7), FLATS)
    assert charges.difference(parts, parts) == ()


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Unit]:
    """Up to five units, each with some entries, some not registered, some with days outside management."""
    units = []
    for number in range(1, 6):
        entries = sorted(draw(st.lists(st.dates(date(2025, 11, 1), date(2026, 5, 1)), max_size=3, unique=True)))
        following = [*(entry.isoformat() for entry in entries[1:]), None]
        rows = [
            (f"O{n}", entry.isoformat(), after)
            for n, (entry, after) in enumerate(zip(entries, following, strict=False))
        ]
        managed_to = draw(st.none() | st.dates(date(2025, 11, 1), date(2026, 5, 1)))
        stays = a_unit(f"U{number}", *rows).stays if rows else ()
        units.append(Unit(f"U{number}", MANAGED_FROM, managed_to, stays))
    return units_of(*draw(st.lists(st.sampled_from(units), unique_by=lambda unit: unit.unit_id)))


credit_sizes = st.lists(st.integers(1, 60), max_size=6)


@st.composite
def charges_with_credits(draw: st.DrawFn) -> tuple[Charge, tuple[Credit, ...]]:
    net, tax = draw(st.integers(1, 200) | st.integers(1, 10**9)), draw(st.integers(0, 200))
    charge = a_charge(
        net=net, tax=tax, on="2026-01-01", to=draw(st.sampled_from(["2026-01-01", "2026-03-31"])), share_set_id="S1"
    )
    left, credited = net + tax, []
    for number, size in enumerate(draw(credit_sizes)):
        if left:
            taken = min(size, left) if draw(st.booleans()) else left
            credited.append(a_credit(taken, f"K{number}"))
            left -= taken
    return charge, tuple(credited)


@given(charges_with_credits(), worlds())
def test_parts_of_every_fact_sum_to_it_net_and_tax_apart(
    facts: tuple[Charge, tuple[Credit, ...]], world: dict[str, Unit]
) -> None:
    charge, credited = facts
    parts = charges.target(charge, credited, equal_set(5), world)
    own = [part for part in parts if part.kind == FactKind.CHARGE]
    assert (sum(part.net_pence for part in own), sum(part.tax_pence for part in own)) == (
        charge.net_pence,
        charge.tax_pence,
    )
    for credit in credited:
        assert -sum(part.amount_pence for part in parts if part.fact_id == credit.credit_id) == credit.amount_pence


@given(charges_with_credits(), worlds())
def test_fully_credited_charge_leaves_no_penny_anywhere(
    facts: tuple[Charge, tuple[Credit, ...]], world: dict[str, Unit]
) -> None:
    charge, credited = facts
    left = charges.left_of(charge, credited)
    credited = (*credited, a_credit(left, "K-last")) if left else credited
    sums: dict[tuple[str | None, str], list[int]] = {}
    for part in charges.target(charge, credited, equal_set(5), world):
        net_and_tax = sums.setdefault((part.unit_id, part.holder), [0, 0])
        net_and_tax[0] += part.net_pence
        net_and_tax[1] += part.tax_pence
    assert all(net_and_tax == [0, 0] for net_and_tax in sums.values())


@given(charges_with_credits(), worlds(), worlds())
def test_difference_turns_the_old_target_into_the_new_one(
    facts: tuple[Charge, tuple[Credit, ...]], before: dict[str, Unit], after: dict[str, Unit]
) -> None:
    charge, credited = facts
    old = charges.target(charge, credited, equal_set(5), before)
    new = charges.target(charge, credited, equal_set(5), after)
    assert summed(old, charges.difference(old, new)) == summed(new)
    assert all(part.net_pence or part.tax_pence for part in charges.difference(old, new))


def summed(*several: tuple[Part, ...]) -> dict[tuple[str, str, str | None, str], tuple[int, int]]:
    sums: dict[tuple[str, str, str | None, str], tuple[int, int]] = {}
    for part in (part for parts in several for part in parts):
        key = (part.kind, part.fact_id, part.unit_id, part.holder)
        net, tax = sums.get(key, (0, 0))
        sums[key] = (net + part.net_pence, tax + part.tax_pence)
    return {key: pence for key, pence in sums.items() if pence != (0, 0)}
