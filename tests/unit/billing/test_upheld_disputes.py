"""What was upheld is asked for by nobody until its credit has come: money, letters and collections pass it over."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.direct_debits import payable
from services.billing.domain.dispute_limits import limit_of
from services.billing.domain.disputes import Dispute, Outcome, as_known, awaited, ringed
from services.billing.domain.position import Position
from tests.unit.billing.builders import (
    a_dispute,
    a_statement,
    allocate,
    charge_line,
    credit_line,
    day,
    payment_line,
    position,
    shipped,
)
from tests.unit.billing.test_disputes import ITEMS, RECEIPTS

BILLED = [a_statement("2026-04-01", "2026-04-29")]
TODAY = day("2026-08-01")


def upheld(pence: int = 40_00, on: str = "2026-05-10") -> Dispute:
    raised = a_dispute(pence, on="2026-05-01", until=on)
    return replace(raised, outcome=Outcome.UPHELD, awaits_credit=True)


def stands(*rows: object, dispute: Dispute) -> Position:
    return position([charge_line(95_50), *rows], BILLED, TODAY, dispute)  # type: ignore[list-item]


def test_case_28_an_upheld_sum_stays_ringed_off_from_the_day_it_was_upheld() -> None:
    found = stands(dispute=upheld())
    assert (found.due_pence, found.disputed_pence) == (95_50, 40_00)
    assert payable(found.items, TODAY) == 55_50
    assert found.items[0].dispute_ended_on == day("2026-05-10")


def test_money_that_comes_before_the_credit_passes_an_upheld_sum_over() -> None:
    found = stands(payment_line(95_50, on="2026-05-20"), dispute=upheld())
    assert (found.due_pence, found.disputed_pence, found.credit_pence) == (40_00, 40_00, 40_00)


def test_its_credit_lets_it_go_and_leaves_what_money_had_settled() -> None:
    rows = [payment_line(55_50, on="2026-05-20"), credit_line(-40_00, on="2026-07-10")]
    found = stands(*rows, dispute=upheld())
    assert (found.items, found.credit_pence, found.disputed_pence) == ((), 0, 0)


def test_a_credit_of_a_part_leaves_the_rest_to_be_credited() -> None:
    found = stands(credit_line(-25_00, on="2026-07-10"), dispute=upheld())
    assert (found.due_pence, found.disputed_pence) == (70_50, 15_00)
    assert awaited([upheld()], [charge_line(95_50), credit_line(-25_00)]) == {"D1": 15_00}
    assert awaited([upheld()], [charge_line(95_50), credit_line(-40_00)]) == {}
    assert awaited([a_dispute(40_00)], [charge_line(95_50)]) == {}


def test_one_upheld_before_this_was_kept_lets_go_as_it_did() -> None:
    found = stands(payment_line(95_50, on="2026-05-20"), dispute=replace(upheld(), awaits_credit=False))
    assert (found.items, found.credit_pence) == ((), 0)


def test_what_was_upheld_is_not_disputed_a_second_time() -> None:
    limit = limit_of([charge_line(95_50)], BILLED, TODAY, shipped(upheld()), "C1", day("2026-05-20"))
    assert (limit.open_pence, limit.most_pence) == (55_50, 55_50)


def test_before_the_day_it_was_upheld_it_was_disputed_like_any_other() -> None:
    [known] = as_known([upheld()], day("2026-05-09"), None)
    assert known == a_dispute(40_00, on="2026-05-01")


@given(ITEMS, RECEIPTS, st.sampled_from("ABC"), st.integers(1, 120), st.integers(0, 60))
def test_until_it_is_credited_an_upheld_dispute_does_what_it_did_when_it_stood(
    found: list[object], receipts: list[object], charge_id: str, pence: int, credited: int
) -> None:
    ended = replace(upheld(pence, on="2026-04-10"), charge_id=charge_id, raised_on=day("2026-03-20"))
    standing = replace(ended, ended_on=None, ended_book=None, outcome=None, awaits_credit=False)
    assert allocate(found, receipts, rules=shipped(ended)) == allocate(found, receipts, rules=shipped(standing))  # type: ignore[arg-type]
    both = [ringed(found, [one], {charge_id: credited}) for one in (ended, standing)]  # type: ignore[arg-type]
    assert both[0] == both[1]
