"""What stands of write-offs: examples by hand, and what holds for every set of facts."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import write_offs
from services.billing.domain.facts import FactKind
from services.billing.domain.items import fold
from services.billing.domain.lines import Line
from services.billing.domain.reports import Rate
from services.billing.domain.write_off_policy import WriteOffPolicy
from services.billing.domain.write_offs import Movement, WriteOff, movements, standing
from services.billing.settings import read_write_off_policies
from shared.auth import ROLES
from shared.dated import in_force
from tests.unit.billing.builders import (
    a_statement,
    account,
    charge_line,
    collected,
    credit_line,
    day,
    payment_line,
    position,
    reversal_line,
)

FIRST = a_statement("2026-04-01", "2026-04-29")


def a_write_off(pence: int, charge_id: str = "C1", on: str = "2026-06-01", name: str = "W1") -> WriteOff:
    return WriteOff(name, account(), charge_id, pence, day(on))


def as_lines(moved: tuple[Movement, ...], book: str = "2026-06-01") -> list[Line]:
    """Movements as the ledger has them."""
    return [
        Line(FactKind.WRITE_OFF, one.write_off_id, one.amount_pence, one.value_on, day(book), one.charge_id)
        for one in moved
    ]


def test_a_debt_written_off_is_owed_no_more_and_open_no_more() -> None:
    lines = [charge_line(95_50), charge_line(40_00, "C2", "2026-01-20")]
    moved = movements(lines, [a_write_off(95_50)])
    assert moved == (Movement("W1", "C1", day("2026-06-01"), -95_50),)
    found = position([*lines, *as_lines(moved)], [FIRST], day("2026-06-02"))
    assert (found.balance_pence, found.overdue_pence) == (40_00, 40_00)
    assert [(one.item.charge_id, one.open_pence) for one in found.items] == [("C2", 40_00)]


def test_a_later_payment_writes_back_and_leaves_no_credit() -> None:
    """Case 63 of domain.md 9: on the day of the money, so the month's profit and loss shows the recovery."""
    lines = [charge_line(95_50), payment_line(60_00, on="2026-08-03")]
    moved = movements(lines, [a_write_off(95_50)])
    assert [(one.value_on, one.amount_pence) for one in moved] == [
        (day("2026-06-01"), -95_50), (day("2026-08-03"), 60_00),
    ]  # fmt: skip
    found = position([*lines, *as_lines(moved)], [FIRST], day("2026-08-04"))
    assert (found.balance_pence, found.credit_pence, found.items) == (0, 0, ())


def test_money_pays_a_new_bill_before_it_writes_back() -> None:
    lines = [charge_line(95_50), charge_line(42_00, "C2", "2026-07-01"), payment_line(50_00, on="2026-08-03")]
    assert standing(lines, [a_write_off(95_50)]) == {"W1": 87_50}


def test_what_was_paid_back_stays_paid_when_a_new_bill_comes() -> None:
    lines = [charge_line(95_50), payment_line(95_50, on="2026-08-03"), charge_line(42_00, "C2", "2026-09-01")]
    assert standing(lines, [a_write_off(95_50)]) == {}


def test_a_payment_that_bounces_lets_the_write_off_stand_again() -> None:
    lines = [charge_line(95_50), payment_line(95_50, on="2026-08-03"), reversal_line(95_50, on="2026-08-05")]
    assert [(one.value_on, one.amount_pence) for one in movements(lines, [a_write_off(95_50)])] == [
        (day("2026-06-01"), -95_50), (day("2026-08-03"), 95_50), (day("2026-08-05"), -95_50),
    ]  # fmt: skip


def test_a_payment_dated_before_the_write_off_leaves_nothing_to_give_up() -> None:
    lines = [charge_line(95_50), payment_line(95_50, on="2026-05-31", book="2026-06-10")]
    assert movements(lines, [a_write_off(95_50)]) == ()


def test_a_credit_of_the_charge_shrinks_its_write_off_and_pays_no_other_debt() -> None:
    lines = [charge_line(100_00), charge_line(50_00, "C2"), credit_line(-70_00, on="2026-07-01")]
    assert standing(lines, [a_write_off(100_00)]) == {"W1": 30_00}
    assert sum(line.amount_pence for line in lines) - 30_00 == 50_00


def test_a_charge_that_moves_to_another_owner_takes_its_write_off_with_it() -> None:
    lines = [charge_line(100_00), charge_line(-100_00, book="2026-09-01"), charge_line(50_00, "C2")]
    assert standing(lines, [a_write_off(100_00)]) == {}


def test_what_is_written_back_is_due_when_it_always_was() -> None:
    lines = [charge_line(95_50), reversal_line(60_00, on="2026-08-05"), payment_line(60_00, on="2026-08-03")]
    given_up = as_lines(
        (Movement("W1", "C1", day("2026-06-01"), -95_50), Movement("W1", "C1", day("2026-08-03"), 60_00))
    )
    [item] = fold([*lines, *given_up], [FIRST]).items
    assert (item.due_on, item.statement_no, item.amount_pence) == (FIRST.due_on, FIRST.statement_no, 60_00)


def test_a_write_off_takes_the_oldest_of_what_is_billed() -> None:
    """A sale learnt late re-billed 20.00: the overdue 100.00 is what was given up."""
    second = a_statement("2026-07-01", "2026-07-29")
    lines = [charge_line(100_00), charge_line(20_00, book="2026-05-01")]
    [item] = fold([*lines, *as_lines((Movement("W1", "C1", day("2026-06-01"), -100_00),))], [FIRST, second]).items
    assert (item.statement_no, item.amount_pence) == (second.statement_no, 20_00)


def test_what_was_written_off_was_due_and_not_collected() -> None:
    lines = [charge_line(100_00), payment_line(40_00)]
    lines += as_lines((Movement("W1", "C1", day("2026-06-01"), -60_00),))
    rate = collected(lines, [FIRST], day("2026-04-01"), day("2026-06-30"))
    assert (rate.part_pence, rate.whole_pence) == (40_00, 100_00)


def test_later_money_is_collected_of_what_it_settled_and_not_of_what_was_given_up() -> None:
    lines = [charge_line(100_00), charge_line(50_00, "C2", "2026-06-20"), payment_line(50_00, on="2026-07-20")]
    lines += as_lines((Movement("W1", "C1", day("2026-06-10"), -100_00),))
    heads = [FIRST, a_statement("2026-07-01", "2026-07-29")]
    assert [one.item.charge_id for one in position(lines, heads, day("2026-09-30")).items] == []
    assert collected(lines, heads, day("2026-04-01"), day("2026-06-30")) == Rate(0, 100_00)
    assert collected(lines, heads, day("2026-07-01"), day("2026-09-30")) == Rate(50_00, 50_00)


def test_what_was_written_back_is_collected_where_it_was_due() -> None:
    lines = [charge_line(100_00), payment_line(60_00, on="2026-08-03")]
    lines += as_lines(
        (Movement("W1", "C1", day("2026-06-01"), -100_00), Movement("W1", "C1", day("2026-08-03"), 60_00))
    )
    assert collected(lines, [FIRST], day("2026-04-01"), day("2026-06-30")) == Rate(60_00, 100_00)


FACT = st.tuples(st.sampled_from(["charge", "credit", "payment", "reversal"]), st.integers(0, 2), st.integers(1, 300))
FACTS = st.lists(st.tuples(FACT, st.integers(1, 28)), max_size=14)
GIVEN_UP = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300), st.integers(1, 28)), max_size=4)


def drawn(facts: list[tuple[tuple[str, int, int], int]]) -> list[Line]:
    """An account's lines: no credit above its charge, no reversal above its payment."""
    lines: list[Line] = []
    left: dict[str, int] = {}
    for number, ((kind, which, pence), at) in enumerate(facts):
        on, name = f"2026-01-{at:02d}", f"{'C' if kind in {'charge', 'credit'} else 'P'}{which}"
        if kind == "charge" and name not in left:
            lines.append(charge_line(pence, name, on))
            left[name] = pence
        elif kind == "payment" and name not in left:
            lines.append(payment_line(pence, name, on))
            left[name] = pence
        elif kind in {"credit", "reversal"} and left.get(name, 0):
            taken = min(pence, left[name])
            left[name] -= taken
            lines.append(
                credit_line(-taken, name, on, credit_id=f"K{number}")
                if kind == "credit"
                else reversal_line(taken, name, on, reversal_id=f"R{number}")
            )
    return lines


def named(given_up: list[tuple[int, int, int]]) -> list[WriteOff]:
    return [
        a_write_off(pence, f"C{which}", f"2026-01-{at:02d}", f"W{number}")
        for number, (which, pence, at) in enumerate(given_up)
    ]


@given(facts=FACTS, given_up=GIVEN_UP)
def test_no_penny_is_lost_and_no_write_off_makes_a_credit(
    facts: list[tuple[tuple[str, int, int], int]], given_up: list[tuple[int, int, int]]
) -> None:
    lines, known = drawn(facts), named(given_up)
    owed = sum(line.amount_pence for line in lines)
    stands = standing(lines, known)
    asked = {one.write_off_id: one.amount_pence for one in known}
    assert all(0 < pence <= asked[name] for name, pence in stands.items())
    assert sum(stands.values()) <= max(owed, 0)
    moved = movements(lines, known)
    assert sum(one.amount_pence for one in moved) == -sum(stands.values())
    rows = write_offs.postings(account(), moved, {})
    assert sum(posting.amount_pence for posting in rows) == 0
    found = position([*lines, *as_lines(moved)], [a_statement("2026-04-01", "2026-04-29")], date(2026, 5, 1))
    assert found.balance_pence == owed - sum(stands.values())


@given(facts=FACTS, given_up=GIVEN_UP, at=st.integers(1, 28))
def test_the_books_of_any_day_show_what_was_given_up_and_not_paid_by_then(
    facts: list[tuple[tuple[str, int, int], int]], given_up: list[tuple[int, int, int]], at: int
) -> None:
    lines, known = drawn(facts), named(given_up)
    then = date(2026, 1, at)
    by_then = standing(
        [line for line in lines if line.value_on <= then], [one for one in known if one.written_off_on <= then]
    )
    moved = [one for one in movements(lines, known) if one.value_on <= then]
    assert sum(by_then.values()) == -sum(one.amount_pence for one in moved)


@given(facts=FACTS, given_up=GIVEN_UP, seed=st.integers(0, 10_000))
def test_the_order_in_which_facts_are_learnt_changes_nothing(
    facts: list[tuple[tuple[str, int, int], int]], given_up: list[tuple[int, int, int]], seed: int
) -> None:
    """Learnt one by one in any order, the differences add up to what knowing it all at once gives."""
    lines, known = drawn(facts), named(given_up)
    learnt: list[Line | WriteOff] = [*lines, *known]
    random.Random(seed).shuffle(learnt)
    told: list[Line] = []
    agreed: list[WriteOff] = []
    ledger: list[Line] = []
    for fact in learnt:
        (agreed if isinstance(fact, WriteOff) else told).append(fact)  # type: ignore[arg-type]
        new = movements(told, agreed)
        ledger += as_lines(write_offs.difference(write_offs.posted(ledger), new))
        assert write_offs.posted(ledger) == new
    assert write_offs.posted(ledger) == movements(lines, known)


@given(facts=FACTS, given_up=GIVEN_UP)
def test_paid_in_full_it_is_as_if_nothing_had_been_written_off(
    facts: list[tuple[tuple[str, int, int], int]], given_up: list[tuple[int, int, int]]
) -> None:
    lines, known = drawn(facts), named(given_up)
    owed = sum(line.amount_pence for line in lines)
    if owed > 0:
        lines.append(payment_line(owed, "ALL", "2026-02-01"))
    later = [*lines, charge_line(77, "NEW", "2026-02-02")]
    assert standing(later, known) == {}
    never = position(later, [FIRST], date(2026, 5, 1))
    moved = as_lines(movements(later, known))
    again = position([*later, *moved], [FIRST], date(2026, 5, 1))
    assert again == never


def test_the_shipped_limits_are_of_roles_that_exist_and_the_board_has_none() -> None:
    policies = read_write_off_policies()
    policy = in_force(policies, date(1970, 1, 1))
    assert set(policy.limits) <= ROLES
    assert policy.limits["board"] is None


@pytest.mark.parametrize(
    ("roles", "pence", "may"),
    [
        ({"lead-officer"}, 50_00, True),
        ({"lead-officer"}, 50_01, False),
        ({"finance"}, 500_00, True),
        ({"finance", "lead-officer"}, 500_01, False),
        ({"board"}, 10**9, True),
        ({"assistant", "auditor"}, 1, False),
    ],
)
def test_a_write_off_above_the_limit_is_not_theirs_to_approve(roles: set[str], pence: int, may: bool) -> None:
    """Case 64 of domain.md 9."""
    assert in_force(read_write_off_policies(), date(2026, 6, 1)).may_approve(roles, pence) is may


def test_the_newest_version_that_has_begun_is_in_force() -> None:
    old = WriteOffPolicy("old", date(1970, 1, 1), 365, {"board": None})
    new = WriteOffPolicy("new", date(2027, 1, 1), 365, {"board": 100})
    assert [in_force((new, old), date(*when)).version for when in ((2026, 12, 31), (2027, 1, 1))] == ["old", "new"]
