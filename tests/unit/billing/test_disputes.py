"""Disputed pence are passed over by money that nobody aimed at them, from their day until they are decided."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.allocation import Receipt
from services.billing.domain.disputes import Dispute, Outcome, as_known, ringed
from services.billing.domain.items import Item, payment_order
from tests.unit.billing.builders import (
    a_dispute,
    a_statement,
    allocate,
    an_item,
    charge_line,
    credit_line,
    day,
    payment_line,
    position,
    shipped,
)

Q4 = an_item(95_50, "C-q4", "2026-04-28", statement_no="F-2026Q1")
Q5 = an_item(80_00, "C-q5", "2026-07-28", statement_no="F-2026Q2")
ROOF = a_dispute(40_00, "C-q4", "2026-05-01")


def paid(pence: int, payment_id: str = "P1", on: str = "2026-05-05", for_statement: str | None = None) -> Receipt:
    return Receipt(payment_id, day(on), pence, for_statement)


def test_what_is_disputed_stays_open_and_the_rest_is_credit() -> None:
    result = allocate([Q4], [paid(95_50)], rules=shipped(ROOF))
    assert (result.open_pence, result.disputed_pence, result.credit_pence) == ((40_00,), (40_00,), 40_00)


def test_payers_choice_pays_what_is_not_disputed_first() -> None:
    result = allocate([Q4], [paid(60_00, for_statement="F-2026Q1")], rules=shipped(ROOF))
    assert (result.open_pence, result.disputed_pence) == ((35_50,), (35_50,))


def test_money_of_the_days_before_a_dispute_has_settled_what_it_settled() -> None:
    result = allocate([Q4], [paid(95_50, on="2026-04-30")], rules=shipped(ROOF))
    assert (result.open_pence, result.disputed_pence) == ((0,), (0,))


def test_money_of_the_day_a_dispute_is_raised_passes_it_over() -> None:
    assert allocate([Q4], [paid(95_50, on="2026-05-01")], rules=shipped(ROOF)).open_pence == (40_00,)


def test_an_ended_dispute_leaves_what_money_settled_meanwhile() -> None:
    over = a_dispute(40_00, "C-q4", "2026-05-01", until="2026-08-01")
    result = allocate([Q4, Q5], [paid(100_00)], rules=shipped(over))
    assert (result.open_pence, result.disputed_pence) == ((40_00, 35_50), (0, 0))
    later = allocate([Q4, Q5], [paid(100_00), paid(40_00, "P2", "2026-08-01")], rules=shipped(over))
    assert later.open_pence == (0, 35_50)


def test_what_credit_settled_when_a_dispute_ended_is_not_opened_by_a_later_statement() -> None:
    over = a_dispute(40_00, "C-q4", "2026-05-01", until="2026-06-01")
    result = allocate([Q4, Q5], [paid(95_50)], rules=shipped(over))
    assert result.open_pence == (0, 80_00)


def test_a_dispute_raised_anew_frees_no_money_that_had_settled_its_charge() -> None:
    first = a_dispute(40_00, "C-q4", "2026-05-01", until="2026-06-01")
    again = a_dispute(95_50, "C-q4", "2026-07-01", dispute_id="D2")
    result = allocate([Q4, Q5], [paid(95_50)], rules=shipped(first, again))
    assert (result.open_pence, result.disputed_pence) == ((0, 80_00), (0, 0))


def test_credit_left_over_settles_what_is_no_longer_disputed() -> None:
    over = a_dispute(40_00, "C-q4", "2026-05-01", until="2026-06-01")
    result = allocate([Q4], [paid(95_50)], rules=shipped(over))
    assert (result.open_pence, result.credit_pence) == ((0,), 0)


def test_a_dispute_rings_off_the_newest_item_of_its_charge_first() -> None:
    raised = replace(Q5, charge_id="C-q4")
    assert ringed([Q4, raised], [a_dispute(100_00, "C-q4")], {}) == [20_00, 80_00]
    assert ringed([Q4, raised], [a_dispute(30_00, "C-q4"), a_dispute(60_00, "C-q4")], {}) == [10_00, 80_00]
    assert ringed([Q4], [a_dispute(500_00, "C-q4"), a_dispute(1, "C-x")], {}) == [95_50]


def test_a_credit_that_upholds_a_dispute_takes_what_was_disputed() -> None:
    statement = a_statement("2026-04-01", "2026-04-29")
    rows = [charge_line(95_50), payment_line(55_50, on="2026-05-05"), credit_line(-40_00, on="2026-06-01")]
    found = position(rows, [statement], day("2026-06-02"), a_dispute(40_00, until="2026-06-01"))
    assert (found.items, found.credit_pence, found.disputed_pence) == ((), 0, 0)


def test_disputed_pence_are_owed_and_age_like_the_rest() -> None:
    found = position(
        [charge_line(95_50)], [a_statement("2026-04-01", "2026-04-29")], day("2026-05-30"), a_dispute(40_00)
    )
    assert (found.overdue_pence, found.disputed_pence, found.ageing.d31_60) == (95_50, 40_00, 95_50)


def test_a_question_about_the_past_sees_the_disputes_of_its_day_and_book() -> None:
    over = replace(a_dispute(40_00, on="2026-05-01", until="2026-06-01"), book=day("2026-05-03"))
    assert as_known([over], None, None) == (over,)
    assert as_known([over], day("2026-04-30"), None) == as_known([over], None, day("2026-05-02")) == ()
    standing = replace(over, ended_on=None, ended_book=None)
    assert as_known([over], day("2026-05-31"), None) == as_known([over], None, day("2026-05-31")) == (standing,)
    assert as_known([over], day("2026-06-01"), day("2026-06-01")) == (over,)


DAYS = st.integers(0, 60).map(lambda number: date(2026, 3, 1) + timedelta(days=number))
ITEMS = st.lists(
    st.builds(
        lambda pence, charge, month: an_item(pence, charge, f"2026-0{month}-28", statement_no=f"F{month}"),
        st.integers(1, 100), st.sampled_from("ABC"), st.integers(1, 4),
    ),
    max_size=4, unique_by=lambda item: (item.charge_id, item.due_on),
).map(lambda found: sorted(found, key=payment_order))  # fmt: skip
RECEIPTS = st.lists(
    st.builds(Receipt, st.integers(1, 99).map("P{}".format), DAYS, st.integers(1, 150), st.none() | st.just("F2")),
    max_size=4,
    unique_by=lambda receipt: receipt.payment_id,
).map(lambda found: sorted(found, key=lambda receipt: (receipt.received_on, receipt.payment_id)))


@st.composite
def disputes(draw: st.DrawFn) -> Dispute:
    raised_on = draw(DAYS)
    ended_on = draw(st.none() | st.integers(0, 30).map(lambda days: raised_on + timedelta(days=days)))
    charge_id, pence = draw(st.sampled_from("ABC")), draw(st.integers(1, 120))
    awaits = ended_on is not None and draw(st.booleans())
    outcome = Outcome.UPHELD if awaits else None
    return Dispute(
        f"D{draw(st.integers())}", charge_id, pence, raised_on, raised_on, ended_on, ended_on, outcome, 0, awaits
    )  # fmt: skip


@given(ITEMS, RECEIPTS, st.lists(disputes(), max_size=2))
def test_no_penny_is_lost_and_credit_leaves_only_disputed_pence_open(
    found: list[Item], receipts: list[Receipt], disputed: list[Dispute]
) -> None:
    result = allocate(found, receipts, rules=shipped(*disputed))
    settled = sum(part.pence for part in result.parts)
    assert settled + result.credit_pence == sum(receipt.pence for receipt in receipts)
    assert settled + sum(result.open_pence) == sum(item.amount_pence for item in found)
    if result.credit_pence:
        assert result.open_pence == result.disputed_pence


@given(ITEMS, RECEIPTS, st.lists(disputes(), max_size=2), st.randoms(use_true_random=False))
def test_the_order_in_which_disputes_are_told_changes_nothing(
    found: list[Item], receipts: list[Receipt], disputed: list[Dispute], random: "st.DataObject"
) -> None:
    told = list(disputed)
    random.shuffle(told)  # type: ignore[attr-defined]
    assert allocate(found, receipts, rules=shipped(*told)) == allocate(found, receipts, rules=shipped(*disputed))


@given(ITEMS, RECEIPTS, disputes())
def test_a_dispute_leaves_what_earlier_money_settled(
    found: list[Item], receipts: list[Receipt], disputed: Dispute
) -> None:
    earlier = {receipt.payment_id for receipt in receipts if receipt.received_on < disputed.raised_on}
    before, after = (
        [part for part in allocate(found, receipts, rules=rules).parts if part.payment_id in earlier]
        for rules in (shipped(), shipped(disputed))
    )
    assert before == after


@given(ITEMS, RECEIPTS, disputes().filter(lambda one: one.ended_on is not None))
def test_the_end_of_a_dispute_leaves_what_earlier_money_settled(
    found: list[Item], receipts: list[Receipt], ended: Dispute
) -> None:
    assert ended.ended_on is not None
    billed = [item for item in found if item.issued_on < ended.ended_on]
    earlier = [receipt for receipt in receipts if receipt.received_on < ended.ended_on]
    standing = replace(ended, ended_on=None, ended_book=None)
    before = allocate(billed, earlier, rules=shipped(standing)).parts
    after = allocate(billed, earlier, rules=shipped(ended)).parts
    assert after[: len(before)] == before


@given(
    ITEMS,
    RECEIPTS.map(lambda found: [replace(one, for_statement=None) for one in found]),
    st.lists(disputes(), max_size=3),
)
def test_a_later_statement_opens_nothing_that_money_had_settled(
    found: list[Item], receipts: list[Receipt], disputed: list[Dispute]
) -> None:
    """As things stand on a day, what is open of an item may only shrink when later statements come."""
    last = max(
        [date(2026, 6, 1), *(one.issued_on for one in found), *(one.ended_on for one in disputed if one.ended_on)]
    )
    new = an_item(70, "Z", str(last + timedelta(days=28)), statement_no="F9")
    before = allocate(found, receipts, rules=shipped(*disputed))
    after = allocate([*found, new], receipts, rules=shipped(*disputed))
    assert after.open_pence[:-1] == before.open_pence
