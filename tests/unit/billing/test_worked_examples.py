"""The worked money examples of domain.md 3, in pennies, through the functions that bill them."""

import pytest

from services.billing.domain import charges, division
from services.billing.domain.facts import FactKind
from services.billing.domain.position import Ageing
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import (
    a_charge,
    a_credit,
    a_dispute,
    a_set,
    a_statement,
    a_unit,
    account,
    amounts,
    by_unit,
    charge_line,
    day,
    equal_set,
    payment_line,
    position,
    reversal_line,
    units_of,
)

FLATS = units_of(*(a_unit(f"U{number}") for number in range(1, 9)))
TITLE = a_set(*((f"U{number}", share, 27) for number, share in enumerate((3, 3, 4, 4, 4, 4, 5), start=1)))
SELLER, BUYER = account(ownership_id="O1"), account(ownership_id="O2")


def test_3_1_thousand_pounds_by_title_shares() -> None:
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), (), TITLE, FLATS)
    assert by_unit(parts) == [111_11, 111_11, 148_15, 148_15, 148_15, 148_15, 185_18]


def test_3_1_thousand_pounds_in_equal_sevenths() -> None:
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), (), equal_set(7), FLATS)
    assert sorted(by_unit(parts)) == [142_85, 142_85, 142_86, 142_86, 142_86, 142_86, 142_86]


def test_3_2_thousand_pounds_by_floor_area() -> None:
    areas = (40, 48, 52, 55, 55, 58, 62)
    version = a_set(*((f"U{number}", area, sum(areas)) for number, area in enumerate(areas, start=1)))
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), (), version, FLATS)
    assert by_unit(parts) == [108_11, 129_73, 140_54, 148_65, 148_65, 156_75, 167_57]


def test_3_3_management_fee_of_a_quarter_with_its_tax() -> None:
    (part,) = charges.target(a_charge(net=35_00, tax=7_00, kind=ChargeKind.MANAGEMENT_FEE), (), None, FLATS)
    assert (part.net_pence, part.tax_pence, part.amount_pence) == (35_00, 7_00, 42_00)


@pytest.mark.parametrize(
    ("year", "quarters"), [(130_50, [32_63, 32_62, 32_63, 32_62]), (26_10, [6_53, 6_52, 6_53, 6_52])]
)
def test_3_3_awkward_fee_is_rounded_cumulatively(year: int, quarters: list[int]) -> None:
    assert division.accrue(year, [1, 2, 3, 4]) == quarters


def test_3_4_sale_in_mid_quarter_is_split_by_days() -> None:
    sold = units_of(a_unit("U1", ("O1", "2020-01-01", "2026-02-17"), ("O2", "2026-02-17")))
    parts = charges.target(a_charge(net=35_00, tax=7_00, on="2026-01-01", to="2026-03-31"), (), None, sold)
    assert [(part.holder, part.net_pence, part.tax_pence) for part in parts] == [
        (SELLER, 18_28, 3_66),
        (BUYER, 16_72, 3_34),
    ]


def test_3_4_first_quarter_of_a_leap_year_has_91_days() -> None:
    sold = units_of(a_unit("U1", ("O1", "2020-01-01", "2028-03-01"), ("O2", "2028-03-01")))
    parts = charges.target(a_charge(net=91_00, on="2028-01-01", to="2028-03-31"), (), None, sold)
    assert amounts(parts) == {SELLER: 60_00, BUYER: 31_00}


def test_3_5_insurance_of_eight_equal_flats() -> None:
    charge = a_charge(net=3_750_00, tax=450_00, kind=ChargeKind.INSURANCE, share_set_id="S1")
    assert by_unit(charges.target(charge, (), equal_set(8), FLATS)) == [525_00] * 8


def test_3_5_insurance_of_a_year_is_split_by_days_on_a_sale() -> None:
    sold = units_of(a_unit("U1", ("O1", "2020-01-01", "2026-08-17"), ("O2", "2026-08-17")))
    parts = charges.target(a_charge(net=525_00, on="2026-04-01", to="2027-03-31"), (), None, sold)
    assert amounts(parts) == {SELLER: 198_49, BUYER: 326_51}


def test_3_5_insurance_by_rebuild_value() -> None:
    values = (180, 180, 180, 180, 210, 250)
    version = a_set(*((f"U{number}", value, sum(values)) for number, value in enumerate(values, start=1)))
    parts = charges.target(a_charge(net=2_345_67, share_set_id="S1"), (), version, FLATS)
    billed = by_unit(parts)
    assert sorted(billed[:4]) == [357_81, 357_81, 357_82, 357_82]
    assert billed[4:] == [417_45, 496_96]


Q3 = a_statement("2025-12-31", "2026-01-28", "F-2025Q3")
Q4 = a_statement("2026-03-31", "2026-04-28", "F-2025Q4")
FEES = a_statement("2026-06-30", "2026-07-28", "F-2026Q1")
OPEN = (
    charge_line(120_00, "C-q3", on="2025-12-01"),
    charge_line(95_50, "C-q4", on="2026-03-01"),
    charge_line(20_00, "C-fee", on="2026-05-01", charge_kind=ChargeKind.LATE_FEE),
)


@pytest.mark.parametrize(
    ("marked", "still_open"),
    [(None, {"C-q4": 65_50, "C-fee": 20_00}), ("F-2025Q4", {"C-q3": 65_50, "C-fee": 20_00})],
)
def test_3_6_receipt_goes_to_the_oldest_unless_the_payer_chose(marked: str | None, still_open: dict[str, int]) -> None:
    paid = payment_line(150_00, on="2026-07-01", for_statement=marked)
    found = position([*OPEN, paid], [Q3, Q4, FEES], day("2026-07-01"))
    assert {one.item.charge_id: one.open_pence for one in found.items} == still_open


@pytest.mark.parametrize(
    ("marked", "still_open"),
    [(None, {"C-q4": 65_50, "C-fee": 20_00}), ("F-2025Q4", {"C-q3": 65_50, "C-fee": 20_00})],
)
def test_3_6_undisputed_part_only_unless_the_payer_chose(marked: str | None, still_open: dict[str, int]) -> None:
    paid = payment_line(150_00, on="2026-07-01", for_statement=marked)
    rest = ([Q3, Q4, FEES], day("2026-07-01"), a_dispute(40_00, "C-q4", on="2026-04-20"))
    found = position([*OPEN, paid], *rest)
    assert {one.item.charge_id: one.open_pence for one in found.items} == still_open
    more = position([*OPEN, payment_line(190_00, on="2026-07-01", for_statement=marked)], *rest)
    left = {"C-q3": 25_50, "C-fee": 20_00} if marked else {"C-q4": 40_00, "C-fee": 5_50}
    assert {one.item.charge_id: one.open_pence for one in more.items} == left


def test_3_7_partial_credit_is_divided_by_the_shares_of_the_charge() -> None:
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), [a_credit(210_00)], TITLE, FLATS)
    credited = [-pence for pence in by_unit(parts, FactKind.CREDIT)]
    assert sorted(credited[:2]) == [23_33, 23_34]
    assert credited[2:] == [31_11, 31_11, 31_11, 31_11, 38_89]


def test_3_7_credit_goes_to_a_seller_who_has_left() -> None:
    sold = {**FLATS, **units_of(a_unit("U1", ("O1", "2020-01-01", "2026-02-01"), ("O2", "2026-02-01")))}
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), [a_credit(210_00, on="2026-06-01")], TITLE, sold)
    assert SELLER in amounts(parts, FactKind.CREDIT)
    assert BUYER not in amounts(parts, FactKind.CREDIT)


def test_3_7_full_reversal_mirrors_the_pennies() -> None:
    parts = charges.target(a_charge(net=1_000_00, share_set_id="S1"), [a_credit(1_000_00)], TITLE, FLATS)
    assert by_unit(parts, FactKind.CREDIT) == [-pence for pence in by_unit(parts)]


def test_3_9_ageing_by_days_past_the_due_day() -> None:
    due_days = (
        "2026-04-30",
        "2026-03-31",
        "2026-03-28",
        "2026-03-01",
        "2026-02-28",
        "2026-01-28",
        "2025-12-28",
        "2025-10-28",
    )
    rows = [
        charge_line(2**number, f"C{number}", charge_kind=ChargeKind.OPENING_BALANCE, due_on=day(due_on))
        for number, due_on in enumerate(due_days)
    ]
    assert position(rows, (), day("2026-03-31")).ageing == Ageing(
        current=1 + 2, d1_30=4 + 8, d31_60=16, d61_90=32, d91_120=64, over_120=128
    )


def test_3_9_unallocated_credit_is_a_negative_column() -> None:
    found = position([*OPEN[:1], payment_line(200_00, on="2026-03-01")], [Q3], day("2026-03-31"))
    assert found.ageing == Ageing(credit=-80_00)


def test_3_14_bounced_direct_debit_reopens_items_with_their_original_due_days() -> None:
    rows = [charge_line(95_50, "C-q4", on="2026-03-01"), payment_line(95_50, on="2026-04-15")]
    settled = position(rows, [Q4], day("2026-04-16"))
    bounced = position([*rows, reversal_line(95_50, on="2026-04-17")], [Q4], day("2026-04-29"))
    assert settled.items == ()
    assert [(one.item.due_on, one.open_pence) for one in bounced.items] == [(day("2026-04-28"), 95_50)]
    assert bounced.overdue_pence == 95_50
