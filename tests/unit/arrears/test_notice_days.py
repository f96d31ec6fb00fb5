"""What a day makes of a registered notice (domain.md 2.4 and cases 9.40 to 9.45)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.arrears.domain.account import Rung
from services.arrears.domain.notice_candidates import Case
from services.arrears.domain.notices import Notice
from shared.calendar import is_office_day
from shared.events.arrears import HoldKind, NoticeState
from shared.events.housing import ChargeKind
from tests.unit.arrears.cases import POLICY, RIPE, after, case, held, item, on, registered, told

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
ENTRY = date(2026, 4, 30)
APRIL = date(2026, 4, 20)


def live(one: Notice | None = None, **more: Any) -> Case:
    """A debtor with a notice, who was not reminded in this cycle, so that no other is asked for."""
    return case(notices=(one or registered(date(2026, 3, 2)),), rung=Rung(), **more)


def stands(one: Case) -> Notice:
    return one.notices[0]


@pytest.mark.parametrize(
    ("registered_on", "last_on"),
    [("2024-03-15", "2027-03-14"), ("2024-02-29", "2027-02-27"), ("2023-02-28", "2026-02-27"),
     ("2021-03-01", "2024-02-29")],
)  # fmt: skip
def test_r_nopl_4_a_notice_lasts_three_years_beginning_with_its_registration(registered_on: str, last_on: str) -> None:
    assert POLICY.last_day(date.fromisoformat(registered_on)) == date.fromisoformat(last_on)


def test_case_40_renewal_tasks_come_180_90_60_and_30_days_before_the_end() -> None:
    last_on = POLICY.last_day(date(2024, 2, 29))
    tasks = [date(2026, 8, 31), date(2026, 11, 29), date(2026, 12, 29), date(2027, 1, 28)]
    assert [last_on - timedelta(days=left) for left in POLICY.renewal_task_days] == tasks
    assert POLICY.task_on(last_on, tasks[0] - timedelta(days=1)) is None
    for number, task in enumerate(tasks):
        following = (*tasks, last_on)[number + 1]
        assert {POLICY.task_on(last_on, day) for day in (task, following - timedelta(days=1))} == {task}


def test_case_40_it_expires_on_the_day_after_its_last_and_that_is_looked_at() -> None:
    notice = registered(date(2024, 2, 29))
    assert told(on(date(2027, 2, 27), live(notice))) == []
    assert on(date(2027, 2, 27), live(notice)).next_on == date(2027, 2, 28)
    assert on(date(2026, 8, 1), live(notice)).next_on == date(2026, 8, 31)
    seen = on(date(2027, 2, 28), live(notice))
    assert told(seen)[0] == "expired"
    assert (seen.changes[0].notice.state, seen.changes[0].notice.ended_on) == ("expired", date(2027, 2, 28))


@given(registered_on=DAYS)
def test_a_notice_is_in_force_for_three_years_to_the_day_or_one_day_less(registered_on: date) -> None:
    last_on = POLICY.last_day(registered_on)
    assert (last_on - registered_on).days + 1 in {1095, 1096}
    assert last_on < _anniversary(registered_on)


def _anniversary(day: date) -> date:
    """The same day three years on, or 1 March where there is none."""
    try:
        return day.replace(year=day.year + 3)
    except ValueError:
        return date(day.year + 3, 3, 1)


@example(first=date(2024, 2, 28), second=date(2024, 2, 29))
@given(first=DAYS, second=DAYS)
def test_who_registers_later_is_never_free_of_it_earlier(first: date, second: date) -> None:
    early, late = sorted((first, second))
    assert POLICY.last_day(early) <= POLICY.last_day(late)


@example(registered_on=date(2026, 4, 16), days=13)
@example(registered_on=date(2026, 4, 16), days=14)
@example(registered_on=date(2026, 4, 16), days=1095)
@example(registered_on=date(2026, 4, 16), days=1096)
@given(registered_on=DAYS, days=st.integers(-30, 1200))
def test_a_buyer_is_bound_from_14_days_after_registration_to_the_last_day(registered_on: date, days: int) -> None:
    entry = registered_on + timedelta(days=days)
    notice = registered(registered_on)
    assert notice.last_on is not None
    assert notice.binds(entry, 14) is (days >= 14 and entry <= notice.last_on)
    assert notice.binds(entry, 14) is (POLICY.binds_from(registered_on) <= entry <= notice.last_on)


@given(entry=DAYS)
def test_there_are_five_office_days_between_asking_and_the_last_useful_day(entry: date) -> None:
    ask_by, last = POLICY.ask_by(entry), POLICY.last_useful(entry)
    between = [ask_by + timedelta(days=n) for n in range((last - ask_by).days)]
    assert sum(is_office_day(day) for day in between) == 5
    assert is_office_day(ask_by)
    assert (entry - last).days == 14


@pytest.mark.parametrize(("day", "liable"), [("2026-04-16", True), ("2026-04-17", False)])
def test_case_42_a_buyer_is_liable_when_it_was_registered_14_days_before_entry(day: str, *, liable: bool) -> None:
    seen = on(APRIL, live(registered(date.fromisoformat(day)), entry_on=ENTRY))
    assert told(seen) == ["sale"]
    notice = seen.changes[0].notice
    assert (notice.entry_on, notice.buyer_liable, notice.entry_was_on) == (ENTRY, liable, None)
    words = "the buyer is liable too" if liable else "the buyer is not liable"
    assert notice.reason == f"sold with entry on 2026-04-30: {words}"


@pytest.mark.parametrize(("last_on", "liable"), [("2026-04-30", True), ("2026-04-29", False)])
def test_case_42_and_when_it_has_not_expired_before_entry(last_on: str, *, liable: bool) -> None:
    notice = registered(date(2023, 5, 1), last_on=date.fromisoformat(last_on))
    assert on(APRIL, live(notice, entry_on=ENTRY)).changes[0].notice.buyer_liable is liable


def test_case_42_a_discharge_by_the_day_of_entry_frees_the_buyer() -> None:
    gone = registered(date(2026, 3, 2), state=NoticeState.DISCHARGED, ended_on=ENTRY)
    assert gone.binds(ENTRY - timedelta(days=1), 14)
    assert not gone.binds(ENTRY, 14)


def test_case_43_a_sale_that_moves_is_worked_out_anew_and_flagged() -> None:
    sold = live(registered(date(2026, 4, 16)), entry_on=ENTRY)
    known = after(sold, on(APRIL, sold))
    assert on(APRIL, known).changes == ()
    moved = replace(known, entry_on=date(2026, 4, 29))
    seen = on(APRIL, moved)
    assert told(seen) == ["sale"]
    notice = seen.changes[0].notice
    assert (notice.entry_on, notice.entry_was_on, notice.buyer_liable) == (date(2026, 4, 29), ENTRY, False)
    assert notice.reason == "sold with entry on 2026-04-29, which was on 2026-04-30: the buyer is not liable"


def test_case_43_a_sale_that_is_cancelled_binds_nobody_and_is_flagged() -> None:
    sold = live(registered(date(2026, 4, 16), entry_on=ENTRY, buyer_liable=True))
    (change,) = on(APRIL, sold).changes
    assert (change.notice.entry_on, change.notice.entry_was_on, change.notice.buyer_liable) == (None, ENTRY, None)
    assert change.notice.reason == "the sale with entry on 2026-04-30 is off"


def test_case_43_also_of_a_notice_that_has_expired_since() -> None:
    over = registered(
        date(2023, 4, 20), state=NoticeState.EXPIRED, last_on=APRIL, entry_on=APRIL, buyer_liable=True, ended_on=RIPE
    )
    seen = on(RIPE, live(over, entry_on=ENTRY))
    assert (seen.changes[0].change, seen.changes[0].notice.buyer_liable) == ("sale", False)


def paid(one: Case, **more: object) -> Case:
    account = replace(one.account, items=(), balance_pence=0, **more)  # type: ignore[arg-type]
    return replace(one, account=account)


def test_case_44_consent_is_due_when_all_is_paid_and_issued_when_the_money_has_stayed() -> None:
    """Paid on Wednesday 15 April: three office days later is Monday, so consent goes on Tuesday 21 April."""
    settled = paid(live(), paid_on=date(2026, 4, 15))
    seen = on(date(2026, 4, 15), settled)
    assert told(seen) == ["consent-due"]
    assert seen.next_on == date(2026, 4, 21)
    due = after(settled, seen)
    assert told(on(APRIL, due)) == []
    issued = on(date(2026, 4, 21), due)
    assert told(issued) == ["consent-issued"]
    notice = issued.changes[0].notice
    assert (notice.state, notice.consented_on, notice.ended_on) == ("consent-issued", date(2026, 4, 21), None)


def test_case_44_it_is_not_discharged_by_itself_however_long_that_takes_and_no_end_is_a_breach() -> None:
    notice = registered(date(2026, 3, 2), state=NoticeState.CONSENT_ISSUED)
    settled = paid(live(notice))
    assert told(on(date(2029, 3, 1), settled)) == []
    seen = on(date(2029, 3, 2), settled)
    assert told(seen) == ["expired"]
    assert not seen.changes[0].notice.breach


def test_case_44_money_taken_back_before_consent_was_issued_takes_it_back() -> None:
    renewed = registered(date(2023, 4, 1), renewed_on=date(2026, 3, 2), state=NoticeState.CONSENT_DUE)
    for notice, state in ((replace(renewed, renewed_on=None), "registered"), (renewed, "renewed")):
        seen = on(date(2026, 3, 20), live(replace(notice, last_on=date(2029, 3, 1))))
        assert told(seen) == ["owed-again"]
        assert (seen.changes[0].notice.state, seen.changes[0].notice.reason) == (state, "£250.00 is owed again")


def test_case_44_what_is_written_off_before_consent_was_issued_takes_it_back() -> None:
    """Else its renewal would be asked for by nobody, and no consent would go either."""
    due = paid(live(registered(date(2026, 3, 2), state=NoticeState.CONSENT_DUE), written_off_pence=250_00))
    seen = on(APRIL, due)
    assert told(seen) == ["owed-again"]
    assert (seen.changes[0].notice.state, seen.changes[0].notice.reason) == ("registered", "£250.00 is written off")
    assert told(on(APRIL, after(due, seen))) == []


@pytest.mark.parametrize("kind", [ChargeKind.LATE_FEE, ChargeKind.ADMIN_FEE, ChargeKind.FLOAT])
def test_case_44_what_no_notice_is_for_keeps_no_consent_back(kind: ChargeKind) -> None:
    assert told(on(APRIL, live(kinds={"C1": kind}))) == ["consent-issued"]


def test_case_44_what_is_disputed_held_or_of_a_kind_nobody_told_keeps_it_back() -> None:
    for one in (live(), live(holds=held(HoldKind.DISPUTE)), live(kinds={})):
        assert told(on(APRIL, one)) == []
    disputed = replace(live(), account=replace(live().account, items=(item(disputed=250_00),)))
    assert told(on(APRIL, disputed)) == []


def test_case_44_what_is_billed_and_not_due_yet_keeps_it_back() -> None:
    """R-NOPL-7: the debt is fully cleared, not only what is overdue of it."""
    billed = replace(live(), account=replace(live().account, items=(item(due_on=APRIL + timedelta(days=20)),)))
    assert told(on(APRIL, billed)) == []


def test_case_44_what_was_written_off_is_not_paid() -> None:
    given_up = replace(paid(live()), written_off_pence=1)
    assert told(on(APRIL, given_up)) == []


def test_case_44_a_notice_for_costs_to_come_waits_for_the_first_debt() -> None:
    for_works = paid(live(registered(date(2026, 3, 2), saw_debt=False)))
    assert told(on(APRIL, for_works)) == []
    billed = replace(for_works, account=live().account)
    seen = after(billed, on(APRIL, billed))
    assert stands(seen).saw_debt
    assert told(on(APRIL, paid(seen))) == ["consent-issued"]


def test_case_45_part_paid_near_its_end_is_not_dropped() -> None:
    notice = registered(date(2023, 5, 1))
    part_paid = case(item(40_00), notices=(notice,))
    for day in (date(2026, 4, 1), date(2026, 4, 29), date(2026, 4, 30)):
        seen = on(day, part_paid)
        assert told(seen) == []
    (newer,) = seen.changes
    assert (newer.notice.state, newer.notice.eligible_pence) == ("registered", 40_00)


def test_a_notice_that_nobody_renewed_is_a_breach_and_one_left_to_expire_is_none() -> None:
    notice = registered(date(2023, 5, 1))
    for kept, breach in ((notice, True), (replace(notice, left_to_expire=True), False)):
        seen = on(date(2026, 5, 1), live(kept))
        assert (told(seen)[0], seen.changes[0].notice.breach) == ("expired", breach)


def test_a_notice_that_another_live_one_follows_is_no_breach() -> None:
    old, new = registered(date(2023, 5, 1)), registered(date(2026, 4, 1), notice_id="N-2")
    seen = on(date(2026, 5, 1), case(notices=(old, new)))
    assert (told(seen), seen.changes[0].notice.breach) == (["expired"], False)


@given(day=st.dates(date(2026, 1, 1), date(2026, 12, 31)), pence=st.integers(0, 500_00), sold=st.booleans())
def test_a_day_looked_at_again_changes_nothing(day: date, pence: int, *, sold: bool) -> None:
    start = case(*([item(pence)] if pence else []), notices=(registered(date(2023, 6, 1)),))
    start = replace(start, entry_on=ENTRY if sold else None)
    once = after(start, on(day, start))
    assert on(day, once).changes == ()


RESOLD = date(2026, 11, 2)


def test_a_buyer_who_sells_on_makes_the_next_one_liable_even_if_the_notice_came_too_late_for_the_first() -> None:
    """Whoever gets the flat while the notice stands is liable with any former owner (2004 Act, s.12)."""
    seen = on(APRIL, live(registered(date(2026, 4, 17)), entry_on=ENTRY, resale_on=RESOLD))
    assert told(seen) == ["sale"]
    notice = seen.changes[0].notice
    assert (notice.entry_on, notice.buyer_liable, notice.resale_on, notice.resale_liable) == (
        ENTRY, False, RESOLD, True,
    )  # fmt: skip
    assert notice.reason == (
        "sold with entry on 2026-04-30: the buyer is not liable; "
        "sold on with entry on 2026-11-02: that buyer is liable too"
    )
    again = after(live(notice, entry_on=ENTRY, resale_on=RESOLD), seen)
    assert on(APRIL, again).changes == ()


@pytest.mark.parametrize(("last_on", "liable"), [("2026-11-02", True), ("2026-11-01", False)])
def test_a_buyer_of_a_second_sale_is_free_of_a_notice_that_expires_before(last_on: str, *, liable: bool) -> None:
    one = registered(date(2026, 3, 2), last_on=date.fromisoformat(last_on), entry_on=ENTRY, buyer_liable=True)
    seen = on(APRIL, live(one, entry_on=ENTRY, resale_on=RESOLD))
    assert seen.changes[0].notice.resale_liable is liable
    words = "that buyer is liable too" if liable else "that buyer is not liable"
    assert seen.changes[0].notice.reason == f"sold on with entry on 2026-11-02: {words}"


def test_a_second_sale_that_is_off_is_told_and_the_first_stands() -> None:
    one = registered(
        date(2026, 3, 2), entry_on=ENTRY, buyer_liable=True, resale_on=RESOLD, resale_liable=True
    )  # fmt: skip
    seen = on(APRIL, live(one, entry_on=ENTRY))
    notice = seen.changes[0].notice
    assert (notice.entry_on, notice.buyer_liable, notice.resale_on, notice.resale_liable) == (ENTRY, True, None, None)
    assert notice.reason == "the sale on with entry on 2026-11-02 is off"


@pytest.mark.parametrize(("ended_on", "bound"), [("2026-11-02", False), ("2026-11-03", True)])
def test_a_second_sale_touches_a_notice_that_is_over_only_if_it_stood_then(ended_on: str, *, bound: bool) -> None:
    """Learnt late: the notice was discharged by then."""
    gone = registered(
        date(2026, 3, 2), state=NoticeState.DISCHARGED, ended_on=date.fromisoformat(ended_on), entry_on=ENTRY,
        buyer_liable=True,
    )  # fmt: skip
    seen = on(date(2026, 12, 1), live(gone, entry_on=ENTRY, resale_on=RESOLD))
    assert told(seen) == (["sale"] if bound else [])


def test_a_second_sale_asks_for_no_notice_against_a_property_that_is_another_owners() -> None:
    """Domain.md 8.7."""
    sold_on = case(entry_on=ENTRY, resale_on=RESOLD)
    assert told(on(ENTRY, sold_on)) == []
