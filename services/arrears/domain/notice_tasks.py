"""What is to be done about a notice, and by when: the order of the worklist."""

from dataclasses import dataclass
from datetime import date

from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notices import LIVE, STANDING, UNDER_WAY, Notice
from shared.events.arrears import NoticeState
from shared.money import as_pounds

URGENT, BREACH, RENEWAL, TO_DO, WAITING, QUIET = range(6)


@dataclass(frozen=True, slots=True)
class Task:
    """What an officer has to do next; ``rank`` says what goes first, ``due_on`` is the last day on which it helps."""

    rank: int
    words: str
    due_on: date | None = None


def is_listed(notice: Notice) -> bool:
    """Whether somebody still has something to do with it, or should see it: a breach, until it is seen to."""
    return notice.state in UNDER_WAY | STANDING or (notice.breach and notice.seen_to_on is None)


def task_of(notice: Notice, policy: NoticePolicy, day: date) -> Task:
    """Return what is to be done about a listed notice, or one that lapsed, on a day."""
    if notice.seen_to_on is not None:
        return Task(QUIET, f"lapsed: its last day was {notice.last_on}; seen to on {notice.seen_to_on}")
    if notice.breach:
        return Task(BREACH, f"BREACH: its last day was {notice.last_on}, and nobody renewed it")
    if notice.state in UNDER_WAY:
        return _to_register(notice, policy, day)
    return _to_renew(notice, policy, day) if notice.state in LIVE else _to_discharge(notice)


def _to_register(notice: Notice, policy: NoticePolicy, day: date) -> Task:
    by = policy.last_useful(notice.entry_on) if notice.entry_on is not None else None
    if by is not None and day > by:
        return Task(TO_DO, f"reject it: {by} was the last useful day before the sale")
    if notice.saw_debt and not notice.eligible_pence:
        return Task(TO_DO, "nothing of it counts now (paid, disputed or held): reject it if it is settled")
    words = {
        NoticeState.CANDIDATE: "propose or reject it",
        NoticeState.APPROVED: "submit it to the Registers",
        NoticeState.SUBMITTED: "note what the Registers say",
    }[notice.state]
    return Task(URGENT if by is not None else TO_DO, words, by)


def _to_renew(notice: Notice, policy: NoticePolicy, day: date) -> Task:
    """Return the renewal of a live notice; too little debt for one asks for a decision (domain.md 9.45)."""
    assert notice.last_on is not None
    task_on = policy.task_on(notice.last_on, day)
    if notice.left_to_expire:
        return Task(QUIET, f"left to expire on {notice.last_on}")
    if task_on is None and notice.saw_debt and not notice.eligible_pence:
        return Task(WAITING, "nothing of it counts now (written off, disputed or held): consent if it is settled")
    if task_on is None:
        return Task(QUIET, f"renew it from {policy.first_task(notice.last_on)} on")
    if notice.eligible_pence >= policy.minimum_pence:
        return Task(RENEWAL, f"renew it (task of {task_on})", notice.last_on)
    short = f"{as_pounds(notice.eligible_pence)} is below {as_pounds(policy.minimum_pence)}"
    return Task(RENEWAL, f"decide: renew, consent, or leave to expire; {short} (task of {task_on})", notice.last_on)


def _to_discharge(notice: Notice) -> Task:
    if notice.state is NoticeState.CONSENT_DUE:
        return Task(QUIET, "consent goes by itself if the money stays")
    if notice.eligible_pence:
        return Task(TO_DO, f"{as_pounds(notice.eligible_pence)} is owed again: renew it, or note the discharge")
    return Task(WAITING, "note the discharge once the Registers confirm it")
