"""Edge cases of apportionment by their numbers (domain.md 9), where no other test of billing bears the number.

Elsewhere: 1 in integration (the gap), 4 to 6 in ``test_division``, 9 with the owners' proposals, 48 to 50 in
``test_liability``, 53 in ``test_statements``.
"""

from datetime import date

from services.billing.domain import charges
from services.billing.domain.division import version_on
from services.billing.domain.facts import Charge, FactKind
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import (
    a_charge,
    a_credit,
    a_set,
    a_unit,
    account,
    amounts,
    by_unit,
    day,
    position,
    units_of,
)
from tests.unit.billing.replay import Drawn, Office, Registered

OLD = a_set(("U1", 1, 2), ("U2", 1, 2))
NEW = a_set(("U1", 1, 4), ("U2", 3, 4), since="2026-02-15")
PAIR = units_of(a_unit("U1"), a_unit("U2"))
SELLER, BUYER = account("U1", "O1"), account("U1", "O2")
ALONE = Drawn("U1", 1, (("O1", date(2025, 1, 1), None),), frozenset({"O1"}))


def sold(version: int, entry: str) -> Drawn:
    stays = (("O1", date(2025, 1, 1), day(entry)), ("O2", day(entry), None))
    return Drawn("U1", version, stays, frozenset({"O1", "O2"}))


def an_office(*facts: object) -> Office:
    """An office that learnt unit U1, its first owner and further facts on New Year's Day."""
    office = Office()
    office.learn_all([Registered("U1", date(2020, 1, 1)), ALONE, *facts], date(2026, 1, 1))  # type: ignore[list-item]
    return office


def on_account(office: Office, account_id: str) -> int:
    return sum(line.amount_pence for line in office.lines().get(account_id, ()))


def test_case_2_shares_in_force_when_the_work_was_instructed_are_used() -> None:
    version = version_on({version.effective_from: version for version in (OLD, NEW)}, day("2026-02-10"))
    parts = charges.target(a_charge(net=100_00, share_set_id="S1", on="2026-02-10"), (), version, PAIR)
    assert by_unit(parts) == [50_00, 50_00]


def test_case_3_shares_corrected_after_billing_give_each_owner_the_difference() -> None:
    charge = a_charge(net=100_00, share_set_id="S1")
    before, after = (charges.target(charge, (), version, PAIR) for version in (OLD, NEW))
    assert amounts(charges.difference(before, after)) == {account("U1"): -25_00, account("U2"): 25_00}


def test_case_7_the_associations_shares_go_to_its_internal_accounts() -> None:
    owned = [a_unit(f"U{number}") for number in range(1, 6)]
    internal = [a_unit(f"U{number}", (None, "2020-01-01")) for number in range(6, 9)]
    equal = a_set(*((f"U{number}", 1, 8) for number in range(1, 9)))
    owing = amounts(charges.target(a_charge(net=80_00, share_set_id="S1"), (), equal, units_of(*owned, *internal)))
    assert sorted(owing.values()) == [10_00] * 8
    assert {account(f"U{number}", None) for number in range(6, 9)} < set(owing)


def test_case_8_a_unit_that_leaves_management_owes_to_its_last_day_only() -> None:
    leaving = units_of(a_unit("U1", managed_to=day("2026-02-14")))
    parts = charges.target(a_charge(net=90_00, on="2026-01-01", to="2026-03-31"), (), None, leaving)
    assert amounts(parts) == {account("U1"): 45_00, "managed:U1": 45_00}


def test_case_11_a_repair_of_a_quarter_that_is_billed_is_on_the_next_statement_with_its_true_day() -> None:
    late = Charge(
        "LATE", ChargeKind.REPAIR, None, "U1", 7_00, 0, day("2026-02-10"), day("2026-02-10"), day("2026-02-12")
    )
    office = an_office(a_charge(net=5_00))
    office.issue(day("2026-04-01"))
    (first,) = office.issued[SELLER]
    office.learn(late, day("2026-04-20"))
    office.issue(day("2026-07-01"))
    assert office.issued[SELLER][0] == first
    (line,) = office.issued[SELLER][1].lines
    assert (line.fact_id, line.value_on, line.amount_pence) == ("LATE", day("2026-02-12"), 7_00)


def test_case_12_a_work_order_cancelled_after_billing_is_credited_to_the_same_debtors_penny_for_penny() -> None:
    charge = a_charge(net=100_01, tax=20_01, share_set_id="S1")
    parts = charges.target(charge, [a_credit(charge.gross_pence)], OLD, PAIR)
    assert amounts(parts, FactKind.CREDIT) == {holder: -pence for holder, pence in amounts(parts).items()}


def test_case_46_a_sale_found_seven_months_late_credits_the_seller_and_gives_the_buyer_new_due_days() -> None:
    office = an_office(a_charge(net=90_00, on="2026-01-01", to="2026-03-31"))
    office.issue(day("2026-04-01"))
    office.learn(sold(2, "2026-02-15"), day("2026-09-15"))
    office.issue(day("2026-10-01"))
    assert (on_account(office, SELLER), on_account(office, BUYER)) == (45_00, 45_00)
    found = position(office.lines()[BUYER], office.heads(BUYER), day("2026-10-01"))
    assert [one.item.due_on for one in found.items] == [day("2026-10-29")]


def test_case_47_a_sale_cancelled_leaves_the_owner_as_before_and_the_audit_shows_both() -> None:
    office = an_office(a_charge(net=90_00, on="2026-01-01", to="2026-03-31"))
    before = office.balances()
    office.learn(sold(2, "2026-02-15"), day("2026-02-14"))
    office.learn(Drawn("U1", 3, ALONE.stays, frozenset({"O1", "O2"})), day("2026-02-15"))
    assert office.balances() == before
    assert [line.amount_pence for line in office.lines()[BUYER]] == [45_00, -45_00]
