"""A step that was noted in error is taken back: the notice stands as it did before, and the day goes on from there."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.arrears.domain.notice_corrections import Past, facts_of, newest_step, refuse, take_back
from services.arrears.domain.notice_steps import Deed, Noted, take, take_over
from services.arrears.domain.notice_steps import refuse as refuse_step
from services.arrears.domain.notices import Changed, Notice
from shared.events.arrears import NoticeChange, NoticeForm, NoticeState, NoticeStep
from tests.unit.arrears.cases import POLICY, registered

BOOK = date(2026, 6, 1)
LONG = registered(date(2026, 1, 5))
OLD = registered(date(2023, 5, 15))
"""In force until 14 May 2026."""
BARE: dict[str, Any] = dict.fromkeys(("registered_on", "last_on", "reference"))


def noted(step: NoticeStep, on: date = BOOK) -> Noted:
    return Noted(step, on, "R-2", "because")


def past(*changes: Changed, by_people: bool = True) -> list[Past]:
    """What is kept of changes: what each was, and how the notice stood before those that people made."""
    return [
        Past(one.change, by_people, facts_of(one.before) if by_people and one.before else None)
        for one in changes
        if one.change is not None
    ]


def back(notice: Notice, history: list[Past], *others: Notice, book: date = BOOK) -> list[Changed]:
    newest = newest_step(history)
    assert newest is not None
    return take_back(notice, newest, "another flat's", book, (notice, *others))


def refused(notice: Notice, step: NoticeStep, history: list[Past], *others: Notice) -> str | None:
    return refuse(notice, step, newest_step(history), (notice, *others))


STARTS = {
    NoticeStep.SUBMITTED: replace(LONG, state=NoticeState.APPROVED, **BARE),
    NoticeStep.REGISTERED: replace(LONG, state=NoticeState.SUBMITTED, submitted_on=BOOK, **BARE),
    NoticeStep.RENEWED: replace(LONG, left_to_expire=True),
    NoticeStep.LEFT_TO_EXPIRE: LONG,
    NoticeStep.CONSENT: replace(LONG, state=NoticeState.CONSENT_DUE),
    NoticeStep.DISCHARGED: replace(LONG, state=NoticeState.CONSENT_ISSUED, consented_on=date(2026, 5, 1)),
    NoticeStep.REJECTED: replace(LONG, state=NoticeState.CANDIDATE, urgent=True, **BARE),
    NoticeStep.SEEN_TO: replace(OLD, state=NoticeState.EXPIRED, ended_on=date(2026, 5, 15), breach=True),
}


@pytest.mark.parametrize("step", NoticeStep)
def test_each_step_is_taken_back_to_how_the_notice_stood_and_its_figures_stay(step: NoticeStep) -> None:
    start = STARTS[step]
    (done,) = take(start, noted(step), POLICY, "N-new")
    newer = replace(done.notice, eligible_pence=7_00, entry_on=date(2026, 9, 1), number=9)
    (undone,) = back(newer, past(done))
    assert undone.change == "taken-back"
    expected = replace(start, eligible_pence=7_00, entry_on=date(2026, 9, 1), number=10, reason="another flat's")
    assert undone.notice == expected


def test_a_second_renewal_that_never_was_gives_way_to_the_first() -> None:
    (first,) = take(OLD, noted(NoticeStep.RENEWED, date(2026, 5, 1)), POLICY, "N-new")
    (second,) = take(first.notice, Noted(NoticeStep.RENEWED, date(2026, 5, 20), "R-3", "x"), POLICY, "N-new")
    history = past(first, second)
    (undone,) = back(second.notice, history)
    now = undone.notice
    assert (now.renewed_on, now.reference, now.last_on) == (date(2026, 5, 1), "R-2", date(2029, 4, 30))
    undone, _ = back(now, [*history, *past(undone)])
    assert (undone.notice.state, undone.notice.last_on) == ("registered", date(2026, 5, 14))


def test_a_renewal_that_never_was_lets_a_notice_lapse_at_once_that_has_ended_since() -> None:
    (done,) = take(OLD, noted(NoticeStep.RENEWED, date(2026, 5, 1)), POLICY, "N-new")
    undone, over = back(done.notice, past(done))
    assert (undone.change, undone.notice.last_on) == ("taken-back", date(2026, 5, 14))
    assert (over.change, over.notice.state, over.notice.breach) == ("expired", "expired", True)
    assert (over.notice.ended_on, over.notice.number) == (date(2026, 5, 15), 3)
    assert len(back(done.notice, past(done), book=date(2026, 5, 14))) == 1


def test_a_renewal_noted_after_the_end_gives_way_to_the_breach_that_was() -> None:
    breach = STARTS[NoticeStep.SEEN_TO]
    (done,) = take(breach, noted(NoticeStep.RENEWED, date(2026, 5, 1)), POLICY, "N-new")
    assert done.notice.state == "renewed"
    (undone,) = back(done.notice, past(done))
    assert (undone.notice.state, undone.notice.breach) == ("expired", True)


def test_a_late_renewal_that_never_was_late_is_withdrawn_and_the_notice_may_be_noted_as_renewed_in_time() -> None:
    lapsed, new = take(OLD, noted(NoticeStep.RENEWED, date(2026, 5, 20)), POLICY, "N-new")
    (gone,) = back(new.notice, past(new), lapsed.notice)
    assert (gone.notice.state, gone.notice.registered_on, gone.notice.last_on) == ("withdrawn", None, None)
    assert gone.notice.ended_on is not None
    again = Noted(NoticeStep.RENEWED, date(2026, 5, 10), "R-2", "x")
    assert refuse_step(lapsed.notice, again, POLICY, BOOK, (lapsed.notice, gone.notice)) is None


def test_a_registration_that_was_taken_over_leaves_what_two_people_approved() -> None:
    candidate = replace(LONG, state=NoticeState.CANDIDATE, form=None, title_number=None, headings=(), **BARE)
    deed = Deed(NoticeForm.TENEMENTS, "GLA9", ("Insurance",))
    done = take_over(candidate, deed, noted(NoticeStep.REGISTERED, date(2024, 2, 29)), POLICY, BOOK)
    (undone,) = back(done.notice, past(done))
    now = undone.notice
    assert (now.state, now.approved_on, now.title_number, now.registered_on) == ("approved", BOOK, "GLA9", None)


def test_what_the_day_consented_to_since_stays_consented() -> None:
    (left,) = take(LONG, noted(NoticeStep.LEFT_TO_EXPIRE), POLICY, "N-new")
    issued = replace(left.notice, state=NoticeState.CONSENT_ISSUED, consented_on=date(2026, 6, 5), number=2)
    by_day = [Past(NoticeChange.CONSENT_ISSUED, False, None)]
    (undone,) = back(issued, [*past(left), *by_day])
    assert (undone.notice.state, undone.notice.consented_on) == ("consent-issued", date(2026, 6, 5))
    assert not undone.notice.left_to_expire


def test_only_the_newest_step_is_taken_back_and_only_what_people_noted() -> None:
    (done,) = take(LONG, noted(NoticeStep.RENEWED), POLICY, "N-new")
    history = past(done)
    assert refused(done.notice, NoticeStep.RENEWED, history) is None
    refusal = refused(done.notice, NoticeStep.REGISTERED, history)
    assert refusal == f"Of {LONG.notice_id} only the newest step can be taken back: renewed."
    nothing = f"Of {LONG.notice_id} nothing was noted that stands."
    assert refused(LONG, NoticeStep.RENEWED, [Past(NoticeChange.CONSENT_ISSUED, False, None)]) == nothing
    (undone,) = back(done.notice, history)
    assert refused(undone.notice, NoticeStep.RENEWED, [*history, *past(undone)]) == nothing


def test_of_a_step_from_before_it_was_kept_a_rebuild_finds_out() -> None:
    refusal = refused(LONG, NoticeStep.REGISTERED, [Past(NoticeChange.REGISTERED, True, None)])
    assert refusal == (
        f"How {LONG.notice_id} stood before it was noted as registered was not kept then: `closebook rebuild arrears` "
        "finds out."
    )


def test_a_step_is_not_taken_back_under_what_was_built_on_it() -> None:
    (done,) = take(OLD, noted(NoticeStep.LEFT_TO_EXPIRE), POLICY, "N-new")
    new = registered(date(2026, 5, 20), notice_id="N-new", renews=OLD.notice_id)
    refusal = refused(done.notice, NoticeStep.LEFT_TO_EXPIRE, past(done), new)
    assert refusal == f"N-new was registered in the place of {OLD.notice_id}: take that back first."
    gone = replace(new, state=NoticeState.WITHDRAWN, **BARE)
    assert refused(done.notice, NoticeStep.LEFT_TO_EXPIRE, past(done), gone) is None


@pytest.mark.parametrize("state", [NoticeState.APPROVED, NoticeState.SUBMITTED])
def test_two_notices_are_never_under_way_at_once(state: NoticeState) -> None:
    (done,) = take(STARTS[NoticeStep.REGISTERED], noted(NoticeStep.REGISTERED), POLICY, "N-new")
    other = replace(LONG, notice_id="N-2", state=state, **BARE)
    refusal = refused(done.notice, NoticeStep.REGISTERED, past(done), other)
    assert refusal == f"N-2 is {state}: two notices would be under way; reject it first."


def test_a_candidate_gives_way_to_the_notice_that_is_under_way_again() -> None:
    (done,) = take(STARTS[NoticeStep.REGISTERED], noted(NoticeStep.REGISTERED), POLICY, "N-new")
    candidate = replace(LONG, notice_id="N-2", state=NoticeState.CANDIDATE, **BARE)
    assert refused(done.notice, NoticeStep.REGISTERED, past(done), candidate) is None
    withdrawn, undone = back(done.notice, past(done), candidate)
    assert (withdrawn.notice.notice_id, withdrawn.change, withdrawn.notice.state) == ("N-2", "withdrawn", "withdrawn")
    assert (withdrawn.notice.ended_on, withdrawn.notice.reason) == (BOOK, f"{LONG.notice_id} is under way again")
    assert undone.notice.state == "submitted"
