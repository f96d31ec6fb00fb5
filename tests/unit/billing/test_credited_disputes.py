"""A credit takes what was disputed: ringed off is the disputed part still open.  How much may be disputed at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.dispute_limits import Limit, limit_of, refuse_dispute
from services.billing.domain.disputes import Dispute, Outcome
from tests.unit.billing.builders import (
    a_dispute,
    a_statement,
    charge_line,
    credit_line,
    day,
    payment_line,
    position,
    shipped,
)

BILLED = [a_statement("2026-04-01", "2026-04-29")]
LATER = [*BILLED, a_statement("2026-07-01", "2026-07-29")]
TODAY = day("2026-08-01")


def upheld(dispute: Dispute, on: str) -> Dispute:
    return replace(dispute, ended_on=day(on), ended_book=day(on), outcome=Outcome.UPHELD)


def test_a_credit_before_the_dispute_is_ended_leaves_nothing_ringed_off() -> None:
    rows = [charge_line(95_50), credit_line(-40_00, on="2026-05-10"), payment_line(55_50, on="2026-05-20")]
    found = position(rows, BILLED, TODAY, a_dispute(40_00, on="2026-05-01"))
    assert (found.items, found.credit_pence) == ((), 0)


def test_a_credit_of_a_part_leaves_the_rest_of_it_disputed() -> None:
    rows = [charge_line(95_50), credit_line(-25_00, on="2026-05-10"), payment_line(70_00, on="2026-05-20")]
    found = position(rows, BILLED, TODAY, a_dispute(40_00, on="2026-05-01"))
    assert [(one.open_pence, one.disputed_pence) for one in found.items] == [(15_00, 15_00)]
    assert found.credit_pence == 14_50


def test_what_was_credited_before_the_dispute_is_no_answer_to_it() -> None:
    rows = [charge_line(95_50), credit_line(-40_00, on="2026-04-10")]
    after_it = replace(a_dispute(30_00, on="2026-05-01"), credited_pence=40_00)
    assert position(rows, BILLED, TODAY, after_it).disputed_pence == 30_00


def test_a_credit_goes_to_what_was_upheld_before_what_still_is_disputed() -> None:
    rows = [charge_line(95_50), credit_line(-40_00, on="2026-05-10")]
    right = upheld(a_dispute(40_00, on="2026-05-02", dispute_id="D2"), "2026-05-09")
    asks = a_dispute(30_00, on="2026-05-01")
    assert position(rows, BILLED, TODAY, right, asks).disputed_pence == 30_00
    assert position(rows, BILLED, TODAY, replace(right, outcome=Outcome.REJECTED), asks).disputed_pence == 0


def test_money_pays_what_was_accepted_before_the_next_statement_and_goes_on_doing_so() -> None:
    """Upheld and credited later, a dispute has left its owner's money where it was meant to go."""
    rows = [
        charge_line(95_50), charge_line(80_00, "C2", on="2026-05-02"), payment_line(55_50, on="2026-05-20"),
        credit_line(-40_00, on="2026-07-10"),
    ]  # fmt: skip
    found = position(rows, LATER, TODAY, upheld(a_dispute(40_00, on="2026-05-01"), "2026-07-09"))
    assert [(one.item.charge_id, one.open_pence) for one in found.items] == [("C2", 80_00)]


@given(st.integers(1, 100), st.data())
def test_what_is_ringed_off_is_the_disputed_part_still_open(charged: int, data: st.DataObject) -> None:
    disputed = data.draw(st.integers(1, charged))
    credited = data.draw(st.integers(0, charged))
    paid = data.draw(st.integers(0, 120))
    rows = [charge_line(charged)]
    rows += [credit_line(-credited, on="2026-05-10")] if credited else []
    rows += [payment_line(paid, on="2026-05-20")] if paid else []
    found = position(rows, BILLED, TODAY, a_dispute(disputed, on="2026-05-01"))
    accepted = charged - max(disputed, credited)
    assert found.due_pence == charged - credited - min(paid, accepted)
    assert found.disputed_pence == max(disputed - credited, 0)


def test_no_more_is_disputed_than_is_open_and_money_since_then_is_set_free() -> None:
    rows = [charge_line(95_50), payment_line(60_00, on="2026-05-05")]
    assert limit_of(rows, BILLED, TODAY, shipped(), "C1", day("2026-05-06")) == Limit(35_50, 35_50, 0)
    assert limit_of(rows, BILLED, TODAY, shipped(), "C1", day("2026-05-05")) == Limit(35_50, 95_50, 0)
    known = shipped(a_dispute(30_00, on="2026-05-06"))
    assert limit_of(rows, BILLED, TODAY, known, "C1", day("2026-05-06")) == Limit(5_50, 5_50, 0)
    rows.append(credit_line(-10_00, on="2026-05-06"))
    assert limit_of(rows, BILLED, TODAY, shipped(), "C1", day("2026-05-06")) == Limit(25_50, 25_50, 10_00)


@pytest.mark.parametrize(
    ("asked", "limit", "words"),
    [
        (40_00, Limit(0, 40_00, 0), None),
        (40_01, Limit(35_50, 40_00, 0), "At most £40.00 of C1 on F1 may be disputed from 2026-05-05 on."),
        (0, Limit(0, 40_00, 0),
         "C1 on F1 is paid; of what was paid since 2026-05-05, up to £40.00 may be disputed: name the sum."),
        (0, Limit(0, 0, 0), "Nothing of C1 on F1 was billed, open and not disputed on 2026-05-05 or later."),
    ],
)  # fmt: skip
def test_a_refusal_names_the_sum_that_may_be_disputed(asked: int, limit: Limit, words: str | None) -> None:
    assert refuse_dispute(asked, limit, "C1", "F1", day("2026-05-05")) == words
