"""What officers may note of a notice, and what it makes of it (domain.md 2.4, cases 9.41 and 9.45)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.arrears.domain.notice_steps import Deed, Noted, approve, refuse, take, take_over
from services.arrears.domain.notices import Notice
from shared.events.arrears import NoticeForm, NoticeState, NoticeStep
from tests.unit.arrears.cases import POLICY, registered

BOOK = date(2026, 6, 1)
OLD = registered(date(2023, 5, 15))
"""In force until 14 May 2026."""
MAY = {
    NoticeStep.SUBMITTED: {"approved"},
    NoticeStep.REGISTERED: {"approved", "submitted", "registered", "expired"},
    NoticeStep.RENEWED: {"registered", "renewed", "consent-issued", "expired"},
    NoticeStep.LEFT_TO_EXPIRE: {"registered", "renewed"},
    NoticeStep.CONSENT: {"registered", "renewed", "consent-due"},
    NoticeStep.DISCHARGED: {"consent-issued"},
    NoticeStep.REJECTED: {"candidate", "approved", "submitted"},
    NoticeStep.SEEN_TO: {"expired"},
}


def noted(step: NoticeStep, on: date = BOOK, reference: str | None = "R-2") -> Noted:
    return Noted(step, on, reference, "because")


def refused(notice: Notice, it: Noted, book: date = BOOK, *others: Notice) -> str | None:
    return refuse(notice, it, POLICY, book, (notice, *others))


def taken(notice: Notice, it: Noted) -> list[Notice]:
    return [one.notice for one in take(notice, it, POLICY, "N-new")]


@pytest.mark.parametrize("state", NoticeState)
@pytest.mark.parametrize("step", NoticeStep)
def test_each_step_follows_only_the_states_that_it_may(step: NoticeStep, state: NoticeState) -> None:
    notice = replace(registered(date(2026, 1, 5)), state=state, breach=step is NoticeStep.SEEN_TO)
    refusal = refused(notice, noted(step))
    assert (refusal is None) is (state in MAY[step])
    assert refusal in {None, f"{notice.notice_id} is {state}: it cannot be noted as {step}."}


def test_what_has_not_happened_yet_is_not_noted() -> None:
    assert refused(OLD, noted(NoticeStep.CONSENT, BOOK + timedelta(days=1))) == "2026-06-02 has not come yet."


@pytest.mark.parametrize("step", [NoticeStep.REGISTERED, NoticeStep.RENEWED])
def test_a_registration_has_a_reference(step: NoticeStep) -> None:
    notice = registered(date(2026, 1, 5))
    assert refused(notice, noted(step, reference=None)) == "Name the reference under which the Registers have it."
    assert refused(notice, noted(NoticeStep.CONSENT, reference=None)) is None


def test_a_registration_that_has_ended_already_is_not_noted() -> None:
    notice = replace(OLD, state=NoticeState.APPROVED, registered_on=None, last_on=None)
    assert (
        refused(notice, noted(NoticeStep.REGISTERED, date(2023, 6, 1)))
        == "Registered on 2023-06-01 it ended on 2026-05-31."
    )
    assert refused(notice, noted(NoticeStep.REGISTERED, date(2023, 6, 2))) is None


DEED = Deed(NoticeForm.TITLE_CONDITIONS, "GLA9", ("Insurance",))


def test_an_approved_notice_has_its_deed_and_is_registered_no_earlier_than_it_was_approved() -> None:
    candidate = replace(OLD, state=NoticeState.CANDIDATE, registered_on=None, last_on=None, urgent=True)
    now = approve(candidate, DEED, "large", BOOK).notice
    assert (now.state, now.approved_on, now.reason, now.urgent) == ("approved", BOOK, "large", True)
    assert (now.form, now.title_number, now.headings) == ("2003", "GLA9", ("Insurance",))
    refusal = refused(now, noted(NoticeStep.REGISTERED, BOOK - timedelta(days=1)))
    assert refusal == (
        f"{now.notice_id} was approved on 2026-06-01: propose one that is registered already with its day."
    )
    (there,) = taken(now, noted(NoticeStep.REGISTERED, BOOK))
    assert (there.state, there.registered_on, there.reference, there.urgent) == ("registered", BOOK, "R-2", False)


def test_case_40_a_notice_from_before_its_approval_is_taken_over_with_its_end_and_may_be_put_right() -> None:
    candidate = replace(OLD, state=NoticeState.CANDIDATE, registered_on=None, last_on=None)
    it = take_over(candidate, DEED, noted(NoticeStep.REGISTERED, date(2024, 2, 29)), POLICY, BOOK)
    now = it.notice
    assert (it.change, now.state, now.approved_on) == ("registered", "registered", BOOK)
    assert (now.registered_on, now.last_on) == (date(2024, 2, 29), date(2027, 2, 27))
    assert (now.reference, now.reason, now.number, now.headings) == ("R-2", "because", 1, ("Insurance",))
    assert refused(now, noted(NoticeStep.REGISTERED, date(2024, 2, 28))) is None


def test_nothing_ends_before_it_was_registered() -> None:
    notice = registered(date(2026, 1, 5), state=NoticeState.CONSENT_ISSUED)
    assert (
        refused(notice, noted(NoticeStep.DISCHARGED, date(2026, 1, 4)))
        == f"{notice.notice_id} was registered on 2026-01-05."
    )


def test_nothing_is_discharged_before_the_consent() -> None:
    notice = registered(date(2026, 1, 5), state=NoticeState.CONSENT_ISSUED, consented_on=date(2026, 4, 1))
    assert (
        refused(notice, noted(NoticeStep.DISCHARGED, date(2026, 3, 31)))
        == f"{notice.notice_id} may be discharged since 2026-04-01."
    )
    assert refused(notice, noted(NoticeStep.DISCHARGED, date(2026, 4, 1))) is None


def test_case_41_a_renewal_by_the_last_day_carries_the_notice_on() -> None:
    (now,) = taken(replace(OLD, left_to_expire=True), noted(NoticeStep.RENEWED, date(2026, 5, 14)))
    assert (now.state, now.registered_on, now.renewed_on) == ("renewed", date(2023, 5, 15), date(2026, 5, 14))
    assert (now.last_on, now.left_to_expire, now.breach) == (date(2029, 5, 13), False, False)
    assert now.binds(date(2026, 5, 15), 14)


@pytest.mark.parametrize("expired", [True, False])
def test_case_41_a_renewal_one_day_late_is_a_new_notice_that_waits_anew_and_a_breach(*, expired: bool) -> None:
    day = date(2026, 5, 15)
    old = replace(OLD, state=NoticeState.EXPIRED, ended_on=day, breach=True) if expired else OLD
    *lapsed, new = taken(old, noted(NoticeStep.RENEWED, day))
    assert [(one.state, one.breach) for one in lapsed] == ([] if expired else [("expired", True)])
    assert (new.notice_id, new.state, new.renews) == ("N-new", "registered", OLD.notice_id)
    assert (new.registered_on, new.renewed_on, new.last_on) == (day, None, date(2029, 5, 14))
    assert (new.headings, new.form, new.title_number) == (OLD.headings, OLD.form, OLD.title_number)
    assert not new.binds(date(2026, 5, 28), 14)
    assert new.binds(date(2026, 5, 29), 14)


def test_case_41_a_late_renewal_of_what_nobody_had_to_renew_is_no_breach() -> None:
    for old in (replace(OLD, state=NoticeState.CONSENT_ISSUED), replace(OLD, left_to_expire=True)):
        lapsed, _ = taken(old, noted(NoticeStep.RENEWED, date(2026, 5, 15)))
        assert (lapsed.state, lapsed.breach) == ("expired", False)


def test_case_41_a_late_renewal_is_noted_once() -> None:
    old = replace(OLD, state=NoticeState.EXPIRED, breach=True)
    new = registered(date(2026, 5, 15), notice_id="N-new", renews=OLD.notice_id)
    refusal = refused(old, noted(NoticeStep.RENEWED, date(2026, 5, 16)), BOOK, new)
    assert refusal == f"N-new was registered in the place of {OLD.notice_id}."


def test_a_renewal_in_time_that_is_noted_after_the_end_takes_the_breach_away() -> None:
    old = replace(OLD, state=NoticeState.EXPIRED, ended_on=date(2026, 5, 15), breach=True)
    (now,) = taken(old, noted(NoticeStep.RENEWED, date(2026, 5, 14)))
    assert (now.state, now.breach, now.ended_on) == ("renewed", False, None)


def test_a_renewal_is_later_than_the_registration_before_it() -> None:
    notice = registered(date(2026, 1, 5))
    refusal = f"{notice.notice_id} was registered on 2026-01-05 already."
    assert refused(notice, noted(NoticeStep.RENEWED, date(2026, 1, 5))) == refusal
    again = replace(notice, renewed_on=date(2026, 3, 1))
    assert "2026-03-01" in (refused(again, noted(NoticeStep.RENEWED, date(2026, 3, 1))) or "")


def test_case_45_an_officer_may_leave_a_notice_to_expire_or_consent_to_its_discharge() -> None:
    (left,) = taken(OLD, noted(NoticeStep.LEFT_TO_EXPIRE))
    assert (left.state, left.left_to_expire) == ("registered", True)
    (freed,) = taken(OLD, noted(NoticeStep.CONSENT))
    assert (freed.state, freed.consented_on) == ("consent-issued", BOOK)
    (gone,) = taken(freed, noted(NoticeStep.DISCHARGED))
    assert (gone.state, gone.ended_on, gone.number) == ("discharged", BOOK, 2)


def test_what_the_registers_or_an_officer_reject_is_over() -> None:
    submitted = replace(OLD, state=NoticeState.SUBMITTED, registered_on=None, last_on=None)
    (no,) = taken(submitted, noted(NoticeStep.REJECTED))
    assert (no.state, no.ended_on) == ("rejected", BOOK)


BREACH = replace(OLD, state=NoticeState.EXPIRED, ended_on=date(2026, 5, 15), breach=True)


def test_a_breach_that_is_seen_to_stays_a_breach_and_is_seen_to_once() -> None:
    it = take(BREACH, noted(NoticeStep.SEEN_TO), POLICY, "N-new")[0]
    assert (it.change, it.notice.state, it.notice.breach, it.notice.seen_to_on) == ("seen-to", "expired", True, BOOK)
    assert it.notice.ended_on == BREACH.ended_on
    assert refused(it.notice, noted(NoticeStep.SEEN_TO)) == f"{OLD.notice_id} was seen to on 2026-06-01 already."


def test_what_is_no_breach_is_not_seen_to_nor_a_breach_before_it_was_one() -> None:
    left = replace(BREACH, breach=False)
    assert refused(left, noted(NoticeStep.SEEN_TO)) == f"{OLD.notice_id} is no breach: there is nothing to see to."
    early = refused(BREACH, noted(NoticeStep.SEEN_TO, date(2026, 5, 14)))
    assert early == f"{OLD.notice_id} expired on 2026-05-15."


def test_a_breach_whose_late_renewal_is_on_the_register_may_be_seen_to() -> None:
    new = registered(date(2026, 5, 20), notice_id="N-new", renews=OLD.notice_id)
    assert refused(BREACH, noted(NoticeStep.SEEN_TO), BOOK, new) is None


def test_a_breach_that_turns_out_to_have_been_renewed_in_time_is_none_that_was_seen_to() -> None:
    (seen,) = taken(BREACH, noted(NoticeStep.SEEN_TO))
    (now,) = taken(seen, noted(NoticeStep.RENEWED, date(2026, 5, 14)))
    assert (now.breach, now.seen_to_on) == (False, None)


def test_the_day_of_a_registration_is_put_right_after_the_end_that_it_made() -> None:
    seen = replace(BREACH, approved_on=date(2024, 1, 5), seen_to_on=BOOK)
    it = noted(NoticeStep.REGISTERED, date(2023, 8, 1))
    assert refused(seen, it) is None
    (now,) = taken(seen, it)
    assert (now.state, now.registered_on, now.last_on) == ("registered", date(2023, 8, 1), date(2026, 7, 31))
    assert (now.ended_on, now.breach, now.seen_to_on) == (None, False, None)
    assert "it ended on" in (refused(seen, noted(NoticeStep.REGISTERED, date(2023, 5, 14))) or "")


@pytest.mark.parametrize("facts", [{"renewed_on": date(2024, 3, 1)}, {"consented_on": date(2024, 3, 1)}])
def test_the_day_of_a_registration_is_not_put_right_after_the_end_beneath_what_followed_it(
    facts: dict[str, Any],
) -> None:
    refusal = f"{OLD.notice_id} was renewed or consented to since it was registered: it ended on 2026-05-14."
    assert refused(replace(BREACH, **facts), noted(NoticeStep.REGISTERED, date(2026, 5, 1))) == refusal
