"""What the worklist asks for: before sales first, then breaches, renewals, the rest (domain.md 2.4, case 9.45)."""

from dataclasses import replace
from datetime import date

import pytest

from services.arrears.domain.notice_tasks import BREACH, QUIET, RENEWAL, TO_DO, URGENT, WAITING, is_listed, task_of
from services.arrears.domain.notices import Notice
from shared.events.arrears import NoticeState
from tests.unit.arrears.cases import POLICY, registered

DAY = date(2026, 6, 1)
LONG = registered(date(2026, 3, 2), eligible_pence=1)
ENDING = registered(date(2023, 7, 1), eligible_pence=250_00)
"""In force until 30 June 2026; its tasks are of 1 January, 1 April, 1 May and 31 May."""


def under_way(state: NoticeState, entry_on: date | None = None) -> Notice:
    return replace(LONG, state=state, registered_on=None, last_on=None, entry_on=entry_on)


def task(notice: Notice) -> tuple[int, str, date | None]:
    found = task_of(notice, POLICY, DAY)
    return found.rank, found.words, found.due_on


@pytest.mark.parametrize(
    ("state", "words"),
    [("candidate", "propose or reject it"), ("approved", "submit it to the Registers"),
     ("submitted", "note what the Registers say")],
)  # fmt: skip
def test_what_is_under_way_has_its_next_step_and_before_a_sale_its_last_useful_day(state: str, words: str) -> None:
    assert task(under_way(NoticeState(state))) == (TO_DO, words, None)
    assert task(under_way(NoticeState(state), date(2026, 6, 15))) == (URGENT, words, date(2026, 6, 1))
    too_late = (TO_DO, "reject it: 2026-05-31 was the last useful day before the sale", None)
    assert task(under_way(NoticeState(state), date(2026, 6, 14))) == too_late


def test_what_is_under_way_for_a_debt_that_is_paid_is_to_be_rejected_and_not_for_one_in_a_plan() -> None:
    paid = replace(under_way(NoticeState.SUBMITTED), eligible_pence=0)
    assert task(paid) == (TO_DO, "nothing of it counts now (paid, disputed or held): reject it if it is settled", None)
    assert task(replace(paid, saw_debt=False))[1] == "note what the Registers say"


def test_a_live_notice_is_to_be_renewed_from_its_first_task_on_by_its_last_day() -> None:
    assert task(LONG) == (QUIET, "renew it from 2028-09-02 on", None)
    assert task(ENDING) == (RENEWAL, "renew it (task of 2026-05-31)", date(2026, 6, 30))


def test_a_live_notice_of_whose_debt_nothing_counts_any_more_is_looked_at() -> None:
    words = "nothing of it counts now (written off, disputed or held): consent if it is settled"
    assert task(replace(LONG, eligible_pence=0)) == (WAITING, words, None)
    for_costs_to_come = replace(LONG, eligible_pence=0, saw_debt=False)
    assert task(for_costs_to_come) == (QUIET, "renew it from 2028-09-02 on", None)


def test_case_45_too_little_debt_asks_for_a_decision() -> None:
    words = "decide: renew, consent, or leave to expire; £249.99 is below £250.00 (task of 2026-05-31)"
    assert task(replace(ENDING, eligible_pence=249_99)) == (RENEWAL, words, date(2026, 6, 30))


def test_what_is_left_to_expire_asks_for_nothing() -> None:
    assert task(replace(ENDING, left_to_expire=True)) == (QUIET, "left to expire on 2026-06-30", None)


def test_case_44_no_renewal_is_asked_for_once_consent_is_due() -> None:
    due = replace(ENDING, state=NoticeState.CONSENT_DUE, eligible_pence=0)
    assert task(due) == (QUIET, "consent goes by itself if the money stays", None)
    issued = replace(due, state=NoticeState.CONSENT_ISSUED)
    assert task(issued) == (WAITING, "note the discharge once the Registers confirm it", None)
    again = replace(issued, eligible_pence=1_00)
    assert task(again) == (TO_DO, "£1.00 is owed again: renew it, or note the discharge", None)


def test_a_breach_is_told_and_stays_listed_and_what_is_over_is_not() -> None:
    breach = replace(ENDING, state=NoticeState.EXPIRED, breach=True)
    assert task(breach) == (BREACH, "BREACH: its last day was 2026-06-30, and nobody renewed it", None)
    over = {"withdrawn", "discharged", "expired", "rejected"}
    for state in NoticeState:
        assert is_listed(replace(ENDING, state=state)) is (state not in over)
    assert is_listed(breach)


def test_a_breach_that_was_seen_to_is_off_the_list_and_says_so_among_those_that_lapsed() -> None:
    seen = replace(ENDING, state=NoticeState.EXPIRED, breach=True, seen_to_on=date(2026, 7, 3))
    assert not is_listed(seen)
    assert task(seen) == (QUIET, "lapsed: its last day was 2026-06-30; seen to on 2026-07-03", None)
