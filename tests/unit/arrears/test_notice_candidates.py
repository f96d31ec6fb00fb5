"""Who warrants a notice of potential liability, rule by rule (domain.md 3.13, 4.3, 8.7)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.arrears.domain.account import Flight, Rung
from services.arrears.domain.notice_candidates import Case
from services.arrears.domain.notice_days import look
from shared.events.arrears import HoldKind, NoticeState
from shared.events.housing import ChargeKind
from tests.unit.arrears.cases import LADDER, POLICY, RIPE, after, case, held, item, on, registered, told

ENTRY = date(2026, 4, 30)
ASK_BY = date(2026, 4, 9)
SMALL = item(100_00, due_on=date(2026, 3, 20))
"""Too little and too young for anything but a sale."""


def raised(one: Case, day: date = RIPE) -> bool:
    return told(on(day, one)) == ["raised"]


@pytest.mark.parametrize(("pence", "warrants"), [(249_99, False), (250_00, True), (250_01, True)])
def test_case_3_13_from_250_pounds_eligible_overdue(pence: int, warrants: bool) -> None:
    assert raised(case(item(pence))) is warrants


@pytest.mark.parametrize(("days", "warrants"), [(-1, False), (0, True), (1, True)])
def test_case_3_13_from_90_days_past_due_of_the_oldest_eligible_item(days: int, warrants: bool) -> None:
    young = case(item(200_00), item(50_00, "C2", RIPE - timedelta(days=5)))
    assert raised(young, RIPE + timedelta(days=days)) is warrants


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_case_3_13_after_reminder_2_of_this_cycle(stage: int) -> None:
    assert raised(case(rung=Rung(stage=stage, stage_on=date(2026, 2, 19)))) is (stage == 2)


def test_case_3_13_after_the_pre_legal_letter_where_the_ladder_has_it_enabled() -> None:
    stages = tuple(replace(one, enabled=one.enabled or one.number == 4) for one in LADDER.stages)
    with_it = replace(LADDER, stages=stages)
    assert look(case(), POLICY, with_it, RIPE).changes == ()
    served = case(rung=Rung(stage=4, stage_on=date(2026, 3, 5)))
    assert told(look(served, POLICY, with_it, RIPE)) == ["raised"]


@pytest.mark.parametrize(("left", "warrants"), [(181, False), (180, True)])
def test_case_3_13_no_live_notice_with_more_than_180_days_left(left: int, warrants: bool) -> None:
    live = registered(date(2023, 6, 1), last_on=RIPE + timedelta(days=left))
    assert raised(case(notices=(live,))) is warrants


def test_a_notice_that_an_officer_left_to_expire_is_followed_by_none_while_it_lives() -> None:
    live = registered(date(2023, 6, 1), last_on=RIPE + timedelta(days=9), left_to_expire=True)
    assert not raised(case(notices=(live,)))


@pytest.mark.parametrize("kind", HoldKind)
def test_case_3_13_no_blocking_hold_and_a_sale_pending_is_none(kind: HoldKind) -> None:
    assert raised(case(holds=held(kind))) is (kind is HoldKind.SALE_PENDING)


@pytest.mark.parametrize("kind", ChargeKind)
def test_case_3_13_counts_by_kind_of_charge(kind: ChargeKind) -> None:
    never = {"late-fee", "admin-fee", "float", "reserve-fund", "other"}
    assert raised(case(kinds={"C1": kind})) is (kind not in never)


def test_a_charge_whose_kind_was_not_told_counts_for_nothing() -> None:
    assert not raised(case(kinds={}))


def test_what_is_disputed_counts_for_nothing() -> None:
    assert not raised(case(item(300_00, disputed=50_01)))
    assert raised(case(item(300_00, disputed=50_00)))
    old, young = item(10_00, disputed=10_00), item(250_00, "C2", RIPE - timedelta(days=5))
    assert not raised(case(old, young)), "the oldest of what counts is young"


@pytest.mark.parametrize("kind", [HoldKind.DISPUTE, HoldKind.INSOLVENCY, HoldKind.FTT])
def test_a_charge_that_is_held_or_frozen_counts_for_nothing(kind: HoldKind) -> None:
    two = (item(200_00), item(50_00, "C2"))
    assert not raised(case(*two, holds=held(kind, charge="C2")))


def test_what_a_direct_debit_is_to_take_counts_for_nothing() -> None:
    assert not raised(case(flights=(Flight(1, RIPE),)))


def test_nobody_in_credit_and_no_account_of_the_associations_own_is_a_candidate() -> None:
    assert not raised(case(balance_pence=0))
    assert not raised(case(internal=True))


def test_the_sale_override_asks_from_100_pounds_in_time_to_register() -> None:
    """Entry on 30 April 2026: register by 16 April, five working days before is 9 April (domain.md 3.13)."""
    assert (POLICY.last_useful(ENTRY), POLICY.ask_by(ENTRY)) == (date(2026, 4, 16), ASK_BY)
    (change,) = on(ASK_BY, case(SMALL, entry_on=ENTRY, rung=Rung())).changes
    assert (change.notice.urgent, change.notice.entry_on, change.notice.eligible_pence) == (True, ENTRY, 100_00)
    assert change.notice.reason == (
        "sold with entry on 2026-04-30: £100.00 eligible overdue, from £100.00; ask by 2026-04-09, register by "
        "2026-04-16"
    )


def test_a_sale_does_not_ask_below_100_pounds_nor_when_there_is_no_time_to_register() -> None:
    assert not raised(case(item(99_99, due_on=SMALL.due_on), entry_on=ENTRY), ASK_BY)
    assert not raised(case(SMALL, entry_on=ENTRY), ASK_BY + timedelta(days=1))


def test_an_urgent_candidate_stays_until_the_last_useful_day_and_is_withdrawn_then() -> None:
    start = case(SMALL, entry_on=ENTRY)
    asked = after(start, on(ASK_BY, start))
    assert told(on(date(2026, 4, 16), asked)) == []
    seen = on(date(2026, 4, 17), asked)
    assert told(seen) == ["withdrawn"]
    assert seen.changes[0].notice.reason == "sold with entry on 2026-04-30: 2026-04-16 was the last useful day"


def test_the_day_after_the_last_useful_one_is_looked_at() -> None:
    start = case(SMALL, entry_on=ENTRY)
    assert on(ASK_BY, start).next_on == date(2026, 4, 17)


def test_a_notice_that_binds_the_buyer_makes_another_needless_before_a_sale() -> None:
    ends = registered(date(2023, 6, 1), last_on=date(2026, 5, 31), entry_on=ENTRY, buyer_liable=True)
    assert not raised(case(SMALL, entry_on=ENTRY, notices=(ends,)), ASK_BY)
    too_soon = replace(ends, last_on=date(2026, 4, 29), buyer_liable=False)
    assert raised(case(SMALL, entry_on=ENTRY, notices=(too_soon,)), ASK_BY)


def test_no_notice_is_asked_for_against_a_unit_that_the_debtor_no_longer_owns() -> None:
    assert not raised(case(entry_on=RIPE))
    assert not raised(case(entry_on=RIPE + timedelta(days=13)))
    assert raised(case(entry_on=RIPE + timedelta(days=14)))
    asked = after(case(), on(RIPE, case()))
    gone = on(RIPE, replace(asked, entry_on=RIPE)).changes[-1].notice
    assert (gone.state, gone.reason) == ("withdrawn", "the ownership ended on 2026-04-29")


def test_a_candidate_becomes_urgent_when_a_sale_is_told_and_ordinary_when_it_is_cancelled() -> None:
    start = case()
    asked = after(start, on(RIPE, start))
    sold = replace(asked, entry_on=RIPE + timedelta(days=60))
    seen = on(RIPE, sold)
    assert told(seen) == ["sale", "urgency"]
    off = on(RIPE, replace(after(sold, seen), entry_on=None))
    assert told(off) == ["sale", "urgency"]
    assert [(one.notice.urgent, one.notice.entry_on) for one in off.changes][-1] == (False, None)


def test_a_candidate_whose_debt_is_paid_is_withdrawn_with_the_reason() -> None:
    start = case()
    asked = after(start, on(RIPE, start))
    paid = replace(asked, account=replace(asked.account, items=(item(20_00),)))
    seen = on(RIPE, paid)
    assert told(seen) == ["withdrawn"]
    assert seen.changes[0].notice.reason == "£20.00 eligible overdue is below the minimum £250.00"
    assert seen.changes[0].notice.ended_on == RIPE


def test_a_candidate_looked_at_again_says_nothing_and_keeps_newer_figures() -> None:
    start = case()
    asked = after(start, on(RIPE, start))
    assert on(RIPE, asked).changes == ()
    more = replace(asked, account=replace(asked.account, items=(item(), item(10_00, "C2", RIPE - timedelta(days=1)))))
    more = replace(more, kinds=dict.fromkeys(("C1", "C2"), ChargeKind.REPAIR))
    (newer,) = on(RIPE, more).changes
    assert (newer.change, newer.notice.eligible_pence, newer.notice.number) == (None, 260_00, 1)


@pytest.mark.parametrize("state", [NoticeState.APPROVED, NoticeState.SUBMITTED])
def test_while_a_notice_is_under_way_no_other_is_asked_for_and_none_is_withdrawn(state: NoticeState) -> None:
    start = case()
    (asked,) = on(RIPE, start).changes
    under_way = replace(start, notices=(replace(asked.notice, state=state),))
    assert told(on(RIPE, under_way)) == []
    assert told(on(RIPE, replace(under_way, account=replace(start.account, items=())))) == []


def test_what_an_officer_turned_down_is_not_asked_for_again_in_the_cycle_but_before_a_sale() -> None:
    start = case()
    (asked,) = on(RIPE, start).changes
    no = replace(asked.notice, state=NoticeState.REJECTED, ended_on=RIPE)
    assert not raised(replace(start, notices=(no,)))
    assert raised(replace(start, notices=(no,), entry_on=RIPE + timedelta(days=60)))
    next_cycle = replace(start, account=replace(start.account, rung=replace(start.account.rung, cycle=2)))
    assert raised(replace(next_cycle, notices=(no,)))


def test_what_an_officer_turned_down_knowing_of_a_sale_is_asked_for_again_before_another_sale_only() -> None:
    start, entry = case(), RIPE + timedelta(days=60)
    (asked,) = on(RIPE, start).changes
    for urgent in (True, False):  # raised for the sale, or approved before it was told
        no = replace(asked.notice, state=NoticeState.REJECTED, ended_on=RIPE, entry_on=entry, urgent=urgent)
        assert not raised(replace(start, notices=(no,), entry_on=entry))
        assert raised(replace(start, notices=(no,), entry_on=entry + timedelta(days=90)))


def test_what_the_registers_rejected_is_asked_for_again() -> None:
    start = case()
    (asked,) = on(RIPE, start).changes
    returned = replace(asked.notice, state=NoticeState.REJECTED, submitted_on=RIPE, ended_on=RIPE)
    (again,) = on(RIPE, replace(start, notices=(returned,))).changes
    assert again.notice.notice_id.endswith("-2")


def test_the_day_on_which_an_item_becomes_old_enough_is_looked_at() -> None:
    assert on(date(2026, 2, 20), case()).next_on == RIPE
    assert on(RIPE - timedelta(days=1), case()).next_on == RIPE
