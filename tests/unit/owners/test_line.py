"""The ownership line: periods, same-day entries, management, the association's days (contract.md 6, domain.md 9)."""

from datetime import date, timedelta

from services.owners.domain.line import Line, UnitFacts
from shared.events.housing import Tenure
from tests.support.ownership import ASSOCIATION, MANAGED_FROM, a_cancellation, a_change, a_party, an_agent, day
from tests.unit.owners.drawing import ASSOCIATION_OWNED, days, draw, owners, without

MANAGED_TO_JUNE = UnitFacts(Tenure.OWNED, MANAGED_FROM, day("2026-06-30"))


def owned_days(line: Line, first: str, last: str) -> list[int]:
    """Return how many days of ``first`` to ``last``, both included, each period has."""
    start, end = day(first), day(last) + timedelta(days=1)
    return [(min(one.to or end, end) - max(one.from_, start)).days for one in line.periods]


def test_each_entry_begins_a_period_that_lasts_until_the_next() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-02-15"))
    assert days(line) == [("A", "2025-03-01", "2026-02-15"), ("B", "2026-02-15", None)]


def test_the_same_owner_again_still_starts_a_period() -> None:
    same = (a_party("P"),)
    line = draw(a_change("A", "2025-03-01", parties=same), a_change("B", "2026-02-15", parties=same))
    assert days(line) == [("A", "2025-03-01", "2026-02-15"), ("B", "2026-02-15", None)]


def test_several_entries_on_one_day_leave_the_period_to_the_last_notified() -> None:
    line = draw(a_change("A", notified_on=day("2026-04-02")), a_change("B", notified_on=day("2026-04-01")))
    assert days(line) == [("A", "2026-02-01", None)]
    assert without(line) == {"B": "same-day"}


def test_several_entries_notified_on_one_day_leave_the_period_to_the_greater_id() -> None:
    assert days(draw(a_change("A"), a_change("B"))) == [("B", "2026-02-01", None)]


def test_on_one_day_the_standing_changes_compete_not_the_first_ones() -> None:
    corrected = a_change("A", "2026-01-05"), a_change("C", "2026-02-01", corrects="A", notified_on=day("2026-05-01"))
    assert days(draw(*corrected, a_change("B", "2026-02-01"))) == [("A", "2026-02-01", None)]


def test_an_entry_after_management_ended_is_left_out_and_listed() -> None:
    line = draw(a_change("A", "2026-02-01"), a_change("B", "2026-07-01"), unit=MANAGED_TO_JUNE)
    assert days(line) == [("A", "2026-02-01", None)]
    assert without(line) == {"B": "after-management"}


def test_an_entry_on_the_last_managed_day_counts() -> None:
    assert days(draw(a_change("A", "2026-06-30"), unit=MANAGED_TO_JUNE)) == [("A", "2026-06-30", None)]


def test_an_entry_left_out_does_not_take_the_day_from_another() -> None:
    ended = UnitFacts(Tenure.OWNED, MANAGED_FROM, day("2026-01-31"))
    line = draw(a_change("A", "2026-02-01"), a_change("B", "2026-02-01"), unit=ended)
    assert without(line) == {"A": "after-management", "B": "after-management"}


def test_an_entry_before_management_began_counts() -> None:
    assert days(draw(a_change("A", "2019-05-01"))) == [("A", "2019-05-01", None)]


def test_the_days_before_the_first_entry_of_an_owned_unit_have_no_owner_yet() -> None:
    assert days(draw(a_change("A", "2026-02-01"))) == [("A", "2026-02-01", None)]
    assert draw() == Line()


def test_the_days_before_the_first_entry_of_an_association_unit_are_internal() -> None:
    line = draw(a_change("A", "2026-02-01"), unit=ASSOCIATION_OWNED)
    assert days(line) == [(None, "2025-01-01", "2026-02-01"), ("A", "2026-02-01", None)]
    assert [one.internal for one in line.periods] == [True, False]


def test_an_association_unit_that_was_never_sold_is_internal_for_ever() -> None:
    assert days(draw(unit=ASSOCIATION_OWNED)) == [(None, "2025-01-01", None)]


def test_an_association_unit_sold_on_its_first_managed_day_has_no_internal_days() -> None:
    assert days(draw(a_change("A", "2025-01-01"), unit=ASSOCIATION_OWNED)) == [("A", "2025-01-01", None)]


def test_the_first_entry_is_the_first_that_counts() -> None:
    unit = UnitFacts(Tenure.ASSOCIATION, MANAGED_FROM, day("2026-06-30"))
    assert days(draw(a_change("A", "2026-07-01"), unit=unit)) == [(None, "2025-01-01", None)]


def test_a_period_of_the_association_alone_is_internal() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-02-01", parties=(ASSOCIATION,)))
    assert [one.internal for one in line.periods] == [False, True]
    assert without(line) == {}


def test_a_period_the_association_shares_with_an_owner_is_not_internal() -> None:
    assert not draw(a_change("A", parties=(ASSOCIATION, a_party("P")))).periods[0].internal


def test_a_chain_that_became_internal_keeps_its_account() -> None:
    line = draw(a_change("A"), a_change("B", corrects="A", parties=(ASSOCIATION,)))
    assert [one.internal for one in line.periods] == [True]
    assert without(line) == {"A": "internal"}


def test_a_void_chain_of_the_association_needs_no_account() -> None:
    assert draw(a_change("A", parties=(ASSOCIATION,)), a_cancellation("X", cancels="A")) == Line()


def test_a_void_chain_keeps_the_account_that_a_fallen_correction_called_for() -> None:
    correction = a_change("B", corrects="A")
    line = draw(a_change("A", parties=(ASSOCIATION,)), correction, a_cancellation("X", cancels="A"))
    assert without(line) == {"A": "void"}


def test_joint_owners_are_named_in_their_order_and_once() -> None:
    joint = (a_party("Q"), a_party("P"), a_party("Q"))
    assert owners(draw(a_change("A", parties=joint))) == [("Q", "P")]


def test_a_period_says_that_its_bills_go_to_a_contact() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-02-01", billing_contact=an_agent()))
    assert [one.billing_contact for one in line.periods] == [False, True]


def test_case_7_an_association_unit_bought_back_is_internal_again() -> None:
    sold, back = a_change("A", "2025-06-01"), a_change("B", "2026-02-01", parties=(ASSOCIATION,))
    line = draw(sold, back, unit=ASSOCIATION_OWNED)
    assert [(one.ownership_id, one.internal) for one in line.periods] == [(None, True), ("A", False), ("B", True)]


def test_case_8_a_unit_that_leaves_management_keeps_its_line() -> None:
    assert days(draw(a_change("A", "2025-03-01"), unit=MANAGED_TO_JUNE)) == [("A", "2025-03-01", None)]


def test_case_46_a_sale_learnt_seven_months_late_ends_the_sellers_days_at_entry() -> None:
    known_before = draw(a_change("A", "2025-03-01"))
    known_after = draw(a_change("A", "2025-03-01"), a_change("B", "2025-11-14", notified_on=day("2026-06-14")))
    assert days(known_before) == [("A", "2025-03-01", None)]
    assert days(known_after) == [("A", "2025-03-01", "2025-11-14"), ("B", "2025-11-14", None)]


def test_case_47_a_sale_cancelled_on_the_morning_of_entry_leaves_the_owner_as_before() -> None:
    seller, buyer = a_change("A", "2025-03-01"), a_change("B", "2026-03-01")
    line = draw(seller, buyer, a_cancellation("X", cancels="B", notified_on="2026-03-01"))
    assert line.periods == draw(seller).periods
    assert without(line) == {"B": "void"}


def test_case_48_two_sales_in_one_quarter_make_three_periods_that_fill_it() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-01-20"), a_change("C", "2026-03-05"))
    assert owned_days(line, "2026-01-01", "2026-03-31") == [19, 44, 27]


def test_case_49_entry_on_the_first_day_of_a_quarter_leaves_the_seller_none_of_it() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-01-01"))
    assert owned_days(line, "2026-01-01", "2026-03-31") == [0, 90]


def test_case_49_entry_on_the_last_day_of_a_quarter_gives_the_buyer_one_day() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2026-03-31"))
    assert owned_days(line, "2026-01-01", "2026-03-31") == [89, 1]


def test_case_50_a_leap_quarter_has_91_days() -> None:
    line = draw(a_change("A", "2025-03-01"), a_change("B", "2028-02-29"))
    assert sum(owned_days(line, "2028-01-01", "2028-03-31")) == 91
    assert line.periods[1].from_ == date(2028, 2, 29)
