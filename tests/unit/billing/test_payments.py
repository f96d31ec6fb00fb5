"""Whose money a payment is."""

from datetime import date
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.billing.domain import payments, refs
from services.billing.domain.facts import SUSPENSE, FactKind, Match, Part, Payment, Reversal
from shared.events.housing import PaymentMethod, PaymentReceived
from tests.unit.billing.builders import a_payment, a_reversal, a_unit, account, day, units_of

REF, OTHER, THIRD = (refs.account_ref(unit_id, "O1") for unit_id in ("U1", "U2", "U3"))
ACCOUNTS = {REF: account("U1"), OTHER: account("U2")}
SOLD = units_of(a_unit("U3", ("O1", "2025-01-01", "2026-02-17"), ("O2", "2026-02-17"), managed_to=day("2026-12-31")))


def received(**facts: object) -> Payment:
    given = {
        "payment_id": "P1", "amount_pence": 95_50, "received_on": day("2026-04-15"),
        "method": PaymentMethod.BANK_TRANSFER, **facts,
    }  # fmt: skip
    return payments.payment_of(PaymentReceived.model_validate(given))


def test_stated_account_ref_is_the_strongest() -> None:
    payment = received(account_ref=REF, reference=OTHER, unit_id="U3")
    assert payments.place(payment, ACCOUNTS, SOLD) == account("U1")


def test_stated_ref_with_a_wrong_check_character_gives_way_to_the_reference() -> None:
    wrong = REF[:-1] + ("A" if REF[-1] != "A" else "B")
    assert payments.place(received(account_ref=wrong, reference=OTHER), ACCOUNTS, {}) == account("U2")


def test_stated_ref_of_an_account_not_known_gives_way_to_the_reference() -> None:
    assert payments.place(received(account_ref=THIRD, reference=OTHER), ACCOUNTS, {}) == account("U2")


def test_statement_number_in_the_reference_names_its_account() -> None:
    assert payments.place(received(reference=f"inv {REF.lower()} 2026q1"), ACCOUNTS, {}) == account("U1")


def test_two_different_accounts_in_the_reference_name_none() -> None:
    assert payments.place(received(reference=f"{REF} {OTHER}"), ACCOUNTS, {}) is None


def test_two_different_accounts_in_the_reference_leave_it_to_the_unit() -> None:
    payment = received(reference=f"{REF} {OTHER}", unit_id="U3")
    assert payments.place(payment, ACCOUNTS, SOLD) == account("U3", "O2")


def test_same_account_twice_in_the_reference_is_one() -> None:
    assert payments.place(received(reference=f"{REF} {REF}-2026Q1"), ACCOUNTS, {}) == account("U1")


def test_chance_hit_without_an_account_is_passed_over() -> None:
    assert payments.place(received(reference=f"{REF} {THIRD}"), ACCOUNTS, {}) == account("U1")


@pytest.mark.parametrize(
    ("received_on", "expected"),
    [
        ("2026-02-16", account("U3", "O1")),
        ("2026-02-17", account("U3", "O2")),
        ("2024-12-31", None),
        ("2019-12-31", None),
        ("2027-01-01", None),
    ],
)
def test_unit_names_the_owner_of_the_value_date(received_on: str, expected: str | None) -> None:
    assert payments.place(received(unit_id="U3", received_on=day(received_on)), {}, SOLD) == expected


def test_unit_of_the_association_names_its_internal_account() -> None:
    units = units_of(a_unit("U3", (None, "2025-01-01")))
    assert payments.place(received(unit_id="U3"), {}, units) == account("U3", None)


@pytest.mark.parametrize("facts", [{}, {"reference": "RENT FLAT 2/1"}, {"unit_id": "U9"}, {"account_ref": THIRD}])
def test_nobody_matches_means_suspense(facts: dict[str, str]) -> None:
    assert payments.place(received(**facts), ACCOUNTS, SOLD) is None


def test_strongest_reference_wins_whenever_it_becomes_known() -> None:
    payment = received(account_ref=THIRD, reference=REF)
    before = payments.place(payment, ACCOUNTS, {})
    after = payments.place(payment, {**ACCOUNTS, THIRD: account("U3")}, {})
    assert (before, after) == (account("U1"), account("U3"))


def test_candidates_are_all_references_that_could_place_it_anew() -> None:
    payment = received(account_ref=THIRD, reference=f"{REF} {OTHER}")
    assert payments.candidate_refs(payment) == tuple(sorted((REF, OTHER, THIRD)))


def test_payment_steers_to_a_statement_without_belonging_to_its_account() -> None:
    payment = received(for_statement=f"{REF}-2026Q1")
    assert payment.for_statement == f"{REF}-2026Q1"
    assert payments.place(payment, ACCOUNTS, {}) is None


def test_reversals_go_where_their_payment_goes() -> None:
    parts = payments.target(a_payment(95_50), [a_reversal(20_00)], account())
    assert parts == (
        Part(FactKind.PAYMENT, "P1", None, account(), -95_50),
        Part(FactKind.REVERSAL, "R1", None, account(), 20_00),
    )


def test_reversal_of_a_suspended_payment_lowers_it_there() -> None:
    parts = payments.target(a_payment(95_50), [a_reversal(20_00)], None)
    assert {part.holder for part in parts} == {SUSPENSE}
    assert (
        -sum(part.amount_pence for part in parts) == payments.live_pence(a_payment(95_50), [a_reversal(20_00)]) == 75_50
    )


def test_a_persons_word_shares_a_payment_and_the_rest_is_in_suspense() -> None:
    match = Match("P1", 1, ((account("U1"), 30_00), (account("U2"), 60_00)))
    held = payments.by_holder(payments.target(a_payment(), (), account("U3"), match))
    assert {holder: one.pence for holder, one in held.items()} == {
        account("U1"): 30_00, account("U2"): 60_00, SUSPENSE: 10_00,
    }  # fmt: skip


def test_a_word_that_names_nobody_holds_against_every_reference() -> None:
    parts = payments.target(a_payment(), (), account(), Match("P1", 1, ()))
    assert [(part.holder, part.amount_pence) for part in parts] == [(SUSPENSE, -100_00)]


def test_reversals_of_a_shared_payment_take_the_rest_first_then_the_last_named() -> None:
    match = Match("P1", 1, ((account("U1"), 30_00), (account("U2"), 60_00)))
    reversals = [a_reversal(25_00, "R2", on="2026-04-18"), a_reversal(5_00, "R1", on="2026-04-17")]
    held = payments.by_holder(payments.target(a_payment(), reversals, None, match))
    assert {holder: one.reversed_pence for holder, one in held.items()} == {
        account("U1"): {}, account("U2"): {"R2": 20_00}, SUSPENSE: {"R1": 5_00, "R2": 5_00},
    }  # fmt: skip


shared = st.lists(st.integers(1, 40_00), max_size=3).filter(lambda pence: sum(pence) <= 100_00)
taken = st.lists(st.tuples(st.integers(1, 50_00), st.dates(day("2026-04-15"), day("2026-06-30"))), max_size=4)


@given(shared, taken, st.randoms())
def test_a_shared_payment_loses_no_penny_and_the_order_of_reversals_is_nothing(
    pence: list[int], back: list[tuple[int, date]], chance: Random
) -> None:
    match = Match("P1", 1, tuple((account(f"U{number}"), part) for number, part in enumerate(pence)))
    reversals = [Reversal(f"R{number}", "P1", part, on) for number, (part, on) in enumerate(back)]
    assume(payments.live_pence(a_payment(), reversals) >= 0)
    parts = payments.target(a_payment(), reversals, None, match)
    shuffled = chance.sample(reversals, len(reversals))
    assert payments.target(a_payment(), shuffled, None, match) == parts
    assert -sum(part.amount_pence for part in parts) == payments.live_pence(a_payment(), reversals)
    assert all(one.left_pence >= 0 for one in payments.by_holder(parts).values())
    for reversal in reversals:
        own = [part.amount_pence for part in parts if part.fact_id == reversal.reversal_id]
        assert sum(own) == reversal.amount_pence
