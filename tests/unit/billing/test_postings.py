"""Balanced postings from the difference of two targets."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import charges, chart, payments
from services.billing.domain.facts import FactKind, Unit
from services.billing.domain.postings import Posting, charge_postings, payment_postings
from shared.events.housing import PaymentMethod
from tests.unit.billing.builders import (
    a_charge,
    a_credit,
    a_payment,
    a_reversal,
    a_set,
    a_unit,
    account,
    day,
    equal_set,
    units_of,
)

OWNED = units_of(a_unit("U1"), a_unit("U2"))
CHARGE = a_charge(net=100_00, tax=20_00)


def brief(rows: tuple[Posting, ...]) -> list[tuple[str, str | None, int, int]]:
    return [(row.ledger, row.account_id, row.amount_pence, row.tax_pence) for row in rows]


def test_charge_debits_the_receivable_against_income_and_tax() -> None:
    changes = charges.difference((), charges.target(CHARGE, (), None, OWNED))
    assert charge_postings(CHARGE, (), changes) == (
        Posting("receivable", account(), 120_00, 20_00, day("2026-01-10"), FactKind.CHARGE, "C1", "C1"),
        Posting("income:repair", None, -100_00, 0, day("2026-01-10"), FactKind.CHARGE, "C1", "C1"),
        Posting("tax", None, -20_00, -20_00, day("2026-01-10"), FactKind.CHARGE, "C1", "C1"),
    )


def test_credit_is_the_mirror_with_its_own_value_date() -> None:
    before = charges.target(CHARGE, (), None, OWNED)
    given_back = (a_credit(120_00, on="2026-02-10"),)
    rows = charge_postings(
        CHARGE, given_back, charges.difference(before, charges.target(CHARGE, given_back, None, OWNED))
    )
    assert brief(rows) == [
        ("receivable", account(), -120_00, -20_00),
        ("income:repair", None, 100_00, 0),
        ("tax", None, 20_00, 20_00),
    ]
    assert {(row.value_on, row.kind, row.fact_id, row.charge_id) for row in rows} == {
        (day("2026-02-10"), FactKind.CREDIT, "K1", "C1")
    }


def test_what_waits_is_in_suspense_from_the_start() -> None:
    charge = a_charge(net=100_00, share_set_id="S1")
    changes = charges.difference((), charges.target(charge, (), equal_set(2), units_of(a_unit("U1"))))
    assert brief(charge_postings(charge, (), changes)) == [
        ("suspense-charges", None, 50_00, 0),
        ("receivable", account("U1"), 50_00, 0),
        ("income:repair", None, -100_00, 0),
    ]


def test_move_touches_neither_income_nor_tax_and_keeps_the_value_date() -> None:
    waiting = charges.target(CHARGE, (), None, {})
    rows = charge_postings(CHARGE, (), charges.difference(waiting, charges.target(CHARGE, (), None, OWNED)))
    assert brief(rows) == [("suspense-charges", None, -120_00, -20_00), ("receivable", account(), 120_00, 20_00)]
    assert {row.value_on for row in rows} == {day("2026-01-10")}


def test_waiting_for_something_else_is_no_posting() -> None:
    waiting = charges.target(CHARGE, (), None, {})
    unowned = charges.target(CHARGE, (), None, units_of(Unit("U1", day("2020-01-01"))))
    assert charge_postings(CHARGE, (), charges.difference(waiting, unowned)) == ()


def test_payment_debits_the_bank() -> None:
    rows = payment_postings(a_payment(), (), charges.difference((), payments.target(a_payment(), (), account())))
    assert rows == (
        Posting("receivable", account(), -100_00, 0, day("2026-04-15"), FactKind.PAYMENT, "P1", None, "P1"),
        Posting("bank", None, 100_00, 0, day("2026-04-15"), FactKind.PAYMENT, "P1", None, "P1"),
    )


def test_opening_credit_does_not_touch_the_bank() -> None:
    payment = a_payment(method=PaymentMethod.OPENING_CREDIT)
    rows = payment_postings(payment, (), charges.difference((), payments.target(payment, (), account())))
    assert brief(rows)[1] == ("opening", None, 100_00, 0)


def test_suspended_payment_moves_with_its_reversals_to_where_it_belongs() -> None:
    payment, reversals = a_payment(), (a_reversal(30_00),)
    old, new = payments.target(payment, reversals, None), payments.target(payment, reversals, account())
    rows = payment_postings(payment, reversals, charges.difference(old, new))
    assert [(row.ledger, row.amount_pence, row.fact_id, row.value_on, row.payment_id) for row in rows] == [
        ("suspense-receipts", 100_00, "P1", day("2026-04-15"), "P1"),
        ("receivable", -100_00, "P1", day("2026-04-15"), "P1"),
        ("suspense-receipts", -30_00, "R1", day("2026-04-17"), "P1"),
        ("receivable", 30_00, "R1", day("2026-04-17"), "P1"),
    ]


@given(
    st.integers(1, 10**9), st.integers(0, 10**6), st.lists(st.integers(1, 50), max_size=3),
    st.sets(st.sampled_from(["U1", "U2", "U3"])), st.sets(st.sampled_from(["U1", "U2", "U3"])),
)  # fmt: skip
def test_postings_of_every_fact_sum_to_nothing(
    net: int, tax: int, sizes: list[int], before: set[str], after: set[str]
) -> None:
    charge = a_charge(net=net + 150, tax=tax, share_set_id="S1")
    given_back = tuple(a_credit(size, f"K{number}") for number, size in enumerate(sizes))
    version = a_set(("U1", 3, 7), ("U2", 2, 7), ("U3", 2, 7))
    targets = [charges.target(charge, given_back, version, units_of(*map(a_unit, known))) for known in (before, after)]
    for changes in (charges.difference((), targets[0]), charges.difference(*targets)):
        sums: dict[str, int] = {}
        for row in charge_postings(charge, given_back, changes):
            sums[row.fact_id] = sums.get(row.fact_id, 0) + row.amount_pence
            assert row.amount_pence
            assert (row.account_id is None) == (row.ledger != chart.RECEIVABLE)
        assert not any(sums.values())
