"""A notice of potential liability for costs: where it stands, how long it lasts, whether it binds a buyer."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from shared.events.arrears import NoticeChange, NoticeForm, NoticeState

UNDER_WAY = frozenset({NoticeState.CANDIDATE, NoticeState.APPROVED, NoticeState.SUBMITTED})
"""Not registered yet; an account has one of these at most."""
LIVE = frozenset({NoticeState.REGISTERED, NoticeState.RENEWED})
"""On the register for a debt that is not settled; to be renewed."""
STANDING = LIVE | {NoticeState.CONSENT_DUE, NoticeState.CONSENT_ISSUED}
"""On the register: it binds buyers until it is discharged or expires."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of an account, as it stands.

    ``cycle`` is the debt cycle it was raised in; ``number`` counts what was said of it; ``saw_debt``: something that it
    is for was overdue since it was wanted; ``last_on`` is its last day in force; ``entry_on`` is when the next owner
    takes over, ``entry_was_on`` what it was before that day moved, and ``buyer_liable`` whether the notice binds that
    owner; ``resale_on`` and ``resale_liable`` are the same of the newest sale after that one; ``breach``: it expired,
    and nobody had renewed it or decided not to; ``seen_to_on`` is when all that was to be done about that was done;
    ``renews`` is the expired notice that this one was registered for too late.
    """

    notice_id: str
    account_id: str
    state: NoticeState
    cycle: int
    raised_on: date
    policy_version: str
    reason: str
    number: int = 0
    urgent: bool = False
    eligible_pence: int = 0
    oldest_due_on: date | None = None
    saw_debt: bool = False
    form: NoticeForm | None = None
    title_number: str | None = None
    headings: tuple[str, ...] = ()
    approved_on: date | None = None
    submitted_on: date | None = None
    registered_on: date | None = None
    reference: str | None = None
    renewed_on: date | None = None
    last_on: date | None = None
    left_to_expire: bool = False
    entry_on: date | None = None
    entry_was_on: date | None = None
    buyer_liable: bool | None = None
    resale_on: date | None = None
    resale_liable: bool | None = None
    consented_on: date | None = None
    ended_on: date | None = None
    breach: bool = False
    seen_to_on: date | None = None
    renews: str | None = None

    def days_left(self, day: date) -> int:
        """Return how many days after ``day`` a registered notice is still in force; negative: it is over."""
        assert self.last_on is not None
        return (self.last_on - day).days

    def binds(self, entry_on: date, wait_days: int) -> bool:
        """Whether it makes somebody who enters on a day liable: registered in time, and in force then (R-NOPL-2)."""
        if self.registered_on is None or self.days_left(entry_on) < 0:
            return False
        gone = self.state is NoticeState.DISCHARGED and self.ended_on is not None and self.ended_on <= entry_on
        return not gone and (entry_on - self.registered_on).days >= wait_days


@dataclass(frozen=True, slots=True)
class Changed:
    """A notice after something happened to it; ``change`` None: only its figures are newer, and nothing is said.

    ``before`` is how it stood until then.
    """

    notice: Notice
    change: NoticeChange | None
    before: Notice | None = None


def changed(notice: Notice, change: NoticeChange, reason: str, **fields: Any) -> Changed:
    """Return a notice after a change, with the reason that led to it."""
    return Changed(replace(notice, reason=reason, number=notice.number + 1, **fields), change, notice)


def name_of(account_ref: str, known: int) -> str:
    """Return the id of an account's next notice; ``known`` is how many it has had."""
    return f"N-{account_ref}-{known + 1}"
