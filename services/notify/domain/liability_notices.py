"""What letters about a notice of potential liability say: what it is for, whom it binds, until when, how it goes.

Source: domain.md 2.4 (R-NOPL-5 to R-NOPL-7), 5.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.notify.domain import safety, spoken
from services.notify.domain.letter import Block, Headline, Points, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.arrears import NoticeChange, NoticeChanged, NoticeForm, NoticeState

Told = TypeVar("Told")
_ACTS = {
    NoticeForm.TITLE_CONDITIONS: "Title Conditions (Scotland) Act 2003",
    NoticeForm.TENEMENTS: "Tenements (Scotland) Act 2004",
}


LETTERS = {
    NoticeChange.APPROVED: "notice-warning",
    NoticeChange.REGISTERED: "notice-registered",
    NoticeChange.RENEWED: "notice-registered",
    NoticeChange.CONSENT_ISSUED: "notice-consent",
}
"""What of a notice an owner is told; the rest is the office's own."""


def letter_of(notice: NoticeChanged) -> str | None:
    """Return the letter that tells of what happened to a notice; None: there is none.

    None either of what is said without something that the letter names, nor of a notice that was taken over from
    elsewhere: its owner was told when it was registered.
    """
    letter = LETTERS.get(notice.change) if notice.change is not None else None
    return letter if letter is not None and _is_whole(notice) and not _is_taken_over(notice) else None


def _is_whole(notice: NoticeChanged) -> bool:
    named: list[object] = [notice.number, notice.changed_on, notice.form, notice.title_number]
    if notice.change is not NoticeChange.APPROVED:
        named += [notice.registered_on, notice.reference, notice.binds_from, notice.last_on]
    return None not in named


def _is_taken_over(notice: NoticeChanged) -> bool:
    registered, approved = notice.registered_on, notice.approved_on
    was_there = registered is not None and approved is not None and registered < approved
    return notice.change is NoticeChange.REGISTERED and was_there


@dataclass(frozen=True, slots=True)
class Standing:
    """How a notice stands, as arrears said it last."""

    state: str
    registered_on: date | None = None
    renewed_on: date | None = None
    reference: str | None = None


_CONSENTED = frozenset({NoticeState.CONSENT_ISSUED, NoticeState.DISCHARGED, NoticeState.EXPIRED})
"""A consent stands: the owner may have the notice discharged, or it is off the register already."""


def is_overtaken(told: NoticeChanged, now: Standing | None) -> bool:
    """Tell whether a letter tells of a notice what is so no more; ``now`` None: nothing newer is known of it.

    A warning is overtaken once the notice is turned down, a registration once it is entered anew or taken back, and a
    consent once it does not stand.
    """
    if now is None:
        return False
    match told.change:
        case NoticeChange.APPROVED:
            return now.state == NoticeState.REJECTED
        case NoticeChange.CONSENT_ISSUED:
            return now.state not in _CONSENTED
        case _:
            said = (told.registered_on, told.renewed_on, told.reference)
            return said != (now.registered_on, now.renewed_on, now.reference)


def known(fact: Told | None) -> Told:
    """Return a fact that every notice has of which a letter tells."""
    assert fact is not None, "letter_of saw to it"
    return fact


def facts_of(notice: NoticeChanged) -> dict[str, str]:
    """Return the facts that the letters' wordings may name; those of a registration once there is one."""
    deed = {"act": _ACTS[known(notice.form)], "title_number": safety.clean(known(notice.title_number))}
    return deed | (_registration(notice) if notice.change is not NoticeChange.APPROVED else {})


def _registration(notice: NoticeChanged) -> dict[str, str]:
    return {
        "reference": safety.clean(known(notice.reference)),
        "registered_on": spoken.day(known(notice.registered_on)),
        "renewed_on": spoken.day(notice.renewed_on or known(notice.registered_on)),
        "binds_from": spoken.day(known(notice.binds_from)),
        "last_on": spoken.day(known(notice.last_on)),
    }


def describe(notice: NoticeChanged, wording: Wording, facts: Facts) -> Subject:
    """Return what a letter adds: a registered notice's last day, the headings, and whether it was registered again."""
    words = wording.headline
    headline = Headline(words["label"], facts["last_on"], fill(words["note"], facts)) if words else None
    sort = "again" if notice.change is NoticeChange.RENEWED else "first"
    return Subject((), headline, {"headings": lambda: _headings(notice)}, frozenset({sort}))


def _headings(notice: NoticeChanged) -> Block:
    return Points(tuple(safety.clean(heading) for heading in notice.headings))
