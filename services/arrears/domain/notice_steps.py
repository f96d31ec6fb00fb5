"""What officers note of a notice: each step from the states it may follow, with the day on which it happened."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notices import LIVE, UNDER_WAY, Changed, Notice, changed
from shared.events.arrears import NoticeChange, NoticeForm, NoticeState, NoticeStep

DECISIONS = frozenset({NoticeStep.LEFT_TO_EXPIRE, NoticeStep.CONSENT, NoticeStep.SEEN_TO})
"""What somebody decides; the others are facts that somebody enters."""
WITH_REFERENCE = frozenset({NoticeStep.REGISTERED, NoticeStep.RENEWED})
"""Acts of the Registers, which give them a number."""
_FROM: Mapping[NoticeStep, frozenset[NoticeState]] = MappingProxyType({
    NoticeStep.SUBMITTED: frozenset({NoticeState.APPROVED}),
    # Once more: the day or the number was entered wrongly, so that it may look as if it had ended.
    NoticeStep.REGISTERED: frozenset({
        NoticeState.APPROVED, NoticeState.SUBMITTED, NoticeState.REGISTERED, NoticeState.EXPIRED,
    }),
    NoticeStep.RENEWED: LIVE | {NoticeState.CONSENT_ISSUED, NoticeState.EXPIRED},
    NoticeStep.LEFT_TO_EXPIRE: LIVE,
    NoticeStep.CONSENT: LIVE | {NoticeState.CONSENT_DUE},
    NoticeStep.DISCHARGED: frozenset({NoticeState.CONSENT_ISSUED}),
    NoticeStep.REJECTED: UNDER_WAY,
    NoticeStep.SEEN_TO: frozenset({NoticeState.EXPIRED}),
})  # fmt: skip
_NEVER = "{} is {}: it cannot be noted as {}."


@dataclass(frozen=True, slots=True)
class Noted:
    """What an officer notes: the step, the day it happened, what the Registers call it, and why."""

    step: NoticeStep
    on: date
    reference: str | None
    reason: str


def refuse(
    notice: Notice, noted: Noted, policy: NoticePolicy, book: date, of_account: Collection[Notice]
) -> str | None:  # fmt: skip
    """Return why a step cannot be noted in a book; None: it can.  ``of_account``: all notices of the account."""
    if notice.state not in _FROM[noted.step]:
        return _NEVER.format(notice.notice_id, notice.state.value, noted.step.value)
    if noted.step is NoticeStep.SEEN_TO:
        return _refuse_seen_to(notice, noted, book)
    replaced_by = (one for one in of_account if one.renews == notice.notice_id)
    later = next((one.notice_id for one in replaced_by if one.state is not NoticeState.WITHDRAWN), None)
    if later is not None:
        return f"{later} was registered in the place of {notice.notice_id}."
    if noted.on > book:
        return f"{noted.on} has not come yet."
    if noted.step in WITH_REFERENCE:
        return refuse_registration(noted, policy, book) or _refuse_day(notice, noted)
    return _refuse_end(notice, noted)


def _refuse_seen_to(notice: Notice, noted: Noted, book: date) -> str | None:
    """Return why a breach was not seen to on a day; None: it may have been."""
    if not notice.breach:
        return f"{notice.notice_id} is no breach: there is nothing to see to."
    if notice.seen_to_on is not None:
        return f"{notice.notice_id} was seen to on {notice.seen_to_on} already."
    if noted.on > book:
        return f"{noted.on} has not come yet."
    early = notice.ended_on is not None and noted.on < notice.ended_on
    return f"{notice.notice_id} expired on {notice.ended_on}." if early else None


def _refuse_end(notice: Notice, noted: Noted) -> str | None:
    """Return why what ends a notice, or its way, cannot have been on a day; None: it can."""
    registered, consented = notice.registered_on, notice.consented_on
    if registered is not None and noted.on < registered:
        return f"{notice.notice_id} was registered on {registered}."
    if noted.step is NoticeStep.DISCHARGED and consented is not None and noted.on < consented:
        return f"{notice.notice_id} may be discharged since {consented}."
    return None


def refuse_another(account_ref: str, candidate: str | None, under_way: Notice | None) -> str | None:
    """Return why a notice of an account cannot be approved beside the one under way; None: it can.

    ``candidate``: the id that was found for it, where one is named.
    """
    if under_way is not None and under_way.state is not NoticeState.CANDIDATE:
        return f"{under_way.notice_id} is {under_way.state.value}: {account_ref} has a notice under way."
    if candidate is not None and (under_way is None or under_way.notice_id != candidate):
        return f"{candidate} is no candidate of {account_ref}."
    return None


def refuse_registration(noted: Noted, policy: NoticePolicy, book: date) -> str | None:
    """Return why a registration cannot be noted of any notice; None: it can."""
    if noted.on > book:
        return f"{noted.on} has not come yet."
    if noted.reference is None:
        return "Name the reference under which the Registers have it."
    last_on = policy.last_day(noted.on)
    return f"Registered on {noted.on} it ended on {last_on}." if last_on < book else None


def _refuse_day(notice: Notice, noted: Noted) -> str | None:
    """Return why a notice was not registered on a day; a taken over one may be put right, whatever its day was."""
    newest, approved = notice.renewed_on or notice.registered_on, notice.approved_on
    went_on = notice.state is NoticeState.EXPIRED and (notice.renewed_on or notice.consented_on)
    if noted.step is NoticeStep.REGISTERED and went_on:
        since = "was renewed or consented to since it was registered"
        return f"{notice.notice_id} {since}: it ended on {notice.last_on}."
    was_taken_over = newest is not None and approved is not None and newest < approved
    if noted.step is NoticeStep.REGISTERED and approved is not None and noted.on < approved and not was_taken_over:
        return f"{notice.notice_id} was approved on {approved}: propose one that is registered already with its day."
    if noted.step is NoticeStep.RENEWED and newest is not None and noted.on <= newest:
        return f"{notice.notice_id} was registered on {newest} already."
    return None


def take(notice: Notice, noted: Noted, policy: NoticePolicy, next_id: str) -> list[Changed]:
    """Return what a step that is not refused makes of a notice; ``next_id`` names another one of its account.

    A renewal after the last day is a notice of its own, and that the old one lapsed is a breach (domain.md 9.41).
    """
    notice = replace(notice, policy_version=policy.version)
    if noted.step is NoticeStep.RENEWED and noted.on > _last_on(notice):
        return _renew_late(notice, noted, policy, next_id)
    change = NoticeChange.CONSENT_ISSUED if noted.step is NoticeStep.CONSENT else NoticeChange(noted.step)
    return [changed(notice, change, noted.reason, **_fields(noted, policy))]


def _last_on(notice: Notice) -> date:
    assert notice.last_on is not None
    return notice.last_on


def _fields(noted: Noted, policy: NoticePolicy) -> dict[str, Any]:
    """Return what a step changes of a notice."""
    on = noted.on
    match noted.step:
        case NoticeStep.SUBMITTED:
            return {"state": NoticeState.SUBMITTED, "submitted_on": on}
        case NoticeStep.REGISTERED:
            return {"state": NoticeState.REGISTERED, "registered_on": on, **_registration(noted, policy)}
        case NoticeStep.RENEWED:
            again = {"renewed_on": on, "consented_on": None, "left_to_expire": False}
            return {"state": NoticeState.RENEWED, **again, **_registration(noted, policy)}
        case NoticeStep.LEFT_TO_EXPIRE | NoticeStep.SEEN_TO:  # it stands as it did
            return {"left_to_expire": True} if noted.step is NoticeStep.LEFT_TO_EXPIRE else {"seen_to_on": on}
        case NoticeStep.CONSENT:
            return {"state": NoticeState.CONSENT_ISSUED, "consented_on": on}
        case NoticeStep.DISCHARGED | NoticeStep.REJECTED:
            return {"state": NoticeState(noted.step), "ended_on": on}


def _registration(noted: Noted, policy: NoticePolicy) -> dict[str, Any]:
    stands = {"ended_on": None, "breach": False, "seen_to_on": None}
    return {"reference": noted.reference, "last_on": policy.last_day(noted.on), "urgent": False, **stands}


def _renew_late(notice: Notice, noted: Noted, policy: NoticePolicy, next_id: str) -> list[Changed]:
    """Let the old notice lapse, if it has not yet, and register a new one in its place: it waits anew."""
    lapsed = []
    if notice.state is not NoticeState.EXPIRED:
        why = f"its last day was {notice.last_on}, and it was not renewed"
        breach = notice.state in LIVE and not notice.left_to_expire
        over = {"state": NoticeState.EXPIRED, "ended_on": noted.on, "breach": breach}
        lapsed = [changed(notice, NoticeChange.EXPIRED, why, **over)]
    # Before it is registered there is none: that is what taking it back leaves.
    none = Notice(
        next_id, notice.account_id, NoticeState.WITHDRAWN, notice.cycle, noted.on, policy.version, noted.reason,
        eligible_pence=notice.eligible_pence, oldest_due_on=notice.oldest_due_on, saw_debt=notice.saw_debt,
        form=notice.form, title_number=notice.title_number, headings=notice.headings, approved_on=notice.approved_on,
        renews=notice.notice_id, ended_on=noted.on,
    )  # fmt: skip
    fields = {"state": NoticeState.REGISTERED, "registered_on": noted.on}
    new = changed(none, NoticeChange.REGISTERED, noted.reason, **fields, **_registration(noted, policy))
    return [*lapsed, new]


@dataclass(frozen=True, slots=True)
class Deed:
    """What a notice says: the Act it is under, the property's title, and what it is for."""

    form: NoticeForm
    title_number: str
    headings: tuple[str, ...]


def approve(candidate: Notice, deed: Deed, reason: str, book: date) -> Changed:
    """Return a candidate that two people approved; it is registered from here."""
    fields = _approved(deed, book)
    return changed(candidate, NoticeChange.APPROVED, reason, state=NoticeState.APPROVED, **fields)


def take_over(candidate: Notice, deed: Deed, registered: Noted, policy: NoticePolicy, book: date) -> Changed:
    """Return one that two people approved and that was registered before that, elsewhere."""
    approved = replace(candidate, state=NoticeState.APPROVED, **_approved(deed, book))
    return changed(approved, NoticeChange.REGISTERED, registered.reason, **_fields(registered, policy))


def _approved(deed: Deed, book: date) -> dict[str, Any]:
    return {
        "approved_on": book, "form": deed.form, "title_number": deed.title_number, "headings": deed.headings,
    }  # fmt: skip
