"""What letters about a notice of potential liability say: what it is for, whom it binds, until when, how it goes.

Source: domain.md 2.4 (R-NOPL-5 to R-NOPL-7), 5.
"""

from typing import TypeVar

from services.notify.domain import safety, spoken
from services.notify.domain.letter import Block, Headline, Points, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.arrears import NoticeChange, NoticeChanged, NoticeForm

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
