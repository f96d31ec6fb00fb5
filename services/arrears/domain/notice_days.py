"""What a day makes of an account's notices: candidates, expiry, consent, and whether a buyer is bound."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.arrears.domain.account import Item, overdue, total
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.domain.notice_candidates import Case, Finding, eligible, find, owed, ripens_on
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notices import LIVE, STANDING, UNDER_WAY, Changed, Notice, changed, name_of
from shared.calendar import office_days_later
from shared.events.arrears import NoticeChange, NoticeState
from shared.money import as_pounds

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What was decided of an account's notices on a day, and the next day on which time alone could change that."""

    account_id: str
    changes: tuple[Changed, ...]
    next_on: date | None


def look(case: Case, policy: NoticePolicy, ladder: LadderPolicy, day: date) -> Look:
    """Decide about one account's notices at the end of ``day``, from all that is in the book of that day."""
    items = eligible(case, policy, day)
    debt = bool(overdue(owed(case, policy), day))
    fresh = replace(case, notices=tuple(_fresh(notice, items, policy, debt=debt) for notice in case.notices))
    changes = [change for notice in fresh.notices for change in _follow(notice, fresh, policy, day)]
    now = _with(fresh, changes)
    candidate = _candidate(now, policy, ladder, day)
    if candidate is not None:
        changes.append(candidate)
    told = {one.notice.notice_id for one in changes}
    quiet = [Changed(new, None) for new in fresh.notices if new not in case.notices and new.notice_id not in told]
    return Look(case.account.account_id, (*changes, *quiet), _next_on(_with(now, changes), policy, day))


def _fresh(notice: Notice, items: tuple[Item, ...], policy: NoticePolicy, *, debt: bool) -> Notice:
    """Return a notice that is not over with the day's figures; ``debt``: something that it may be for is overdue."""
    if notice.state not in UNDER_WAY | STANDING:
        return notice
    saw_debt = notice.saw_debt or debt
    return replace(notice, policy_version=policy.version, saw_debt=saw_debt, **figures(items))


def figures(items: tuple[Item, ...]) -> dict[str, Any]:
    """Return the fields of a notice that tell of the debt."""
    return {"eligible_pence": total(items), "oldest_due_on": items[0].due_on if items else None}


def _with(case: Case, changes: list[Changed]) -> Case:
    """Return a case with its notices as they are after changes."""
    known = {notice.notice_id: notice for notice in case.notices}
    return replace(case, notices=tuple((known | {one.notice.notice_id: one.notice for one in changes}).values()))


def _follow(notice: Notice, case: Case, policy: NoticePolicy, day: date) -> list[Changed]:
    """Return what happened to a notice: to its effect on a buyer, then to itself."""
    sale = _sale(notice, case, policy)
    now = sale.notice if sale else notice
    over = expired(now, case.notices, day) or _settled(now, case, policy, day)
    return [one for one in (sale, over) if one is not None]


def _sale(notice: Notice, case: Case, policy: NoticePolicy) -> Changed | None:
    """Work out anew whether a notice binds the buyers, when a sale is told or moves (domain.md 9.42, 9.43)."""
    if notice.state not in UNDER_WAY and notice.registered_on is None:
        return None
    entry, resale = case.entry_on, _resale(notice, case, policy)
    binds, rebinds = _binds(notice, entry, policy), _binds(notice, resale, policy)
    told = []
    if (entry, binds) != (notice.entry_on, notice.buyer_liable):
        told.append(_told_of_sale(notice, entry, binds))
    if (resale, rebinds) != (notice.resale_on, notice.resale_liable):
        told.append(_told_of_resale(notice, resale, rebinds))
    if not told:
        return None
    moved = notice.entry_on is not None and entry != notice.entry_on
    first = {"entry_on": entry, "entry_was_on": notice.entry_on if moved else notice.entry_was_on}
    fields = first | {"buyer_liable": binds, "resale_on": resale, "resale_liable": rebinds}
    return changed(notice, NoticeChange.SALE, "; ".join(told), **fields)


def _resale(notice: Notice, case: Case, policy: NoticePolicy) -> date | None:
    """Return when the newest buyer after the debtor's takes over, unless the notice was over by then.

    While it stands it binds whoever gets the property, with any former owner (Tenements Act s.12).
    """
    touches = notice.state in STANDING or notice.resale_on is not None or _binds(notice, case.resale_on, policy)
    return case.resale_on if touches else None


def _binds(notice: Notice, entry: date | None, policy: NoticePolicy) -> bool | None:
    if entry is None or notice.registered_on is None:
        return None
    return notice.binds(entry, policy.wait_days)


def _told_of_sale(notice: Notice, entry: date | None, binds: bool | None) -> str:
    """Return in words what a sale, or its move, means for the buyer."""
    if entry is None:
        return f"the sale with entry on {notice.entry_on} is off"
    moved = f", which was on {notice.entry_on}" if notice.entry_on not in {None, entry} else ""
    effect = {True: ": the buyer is liable too", False: ": the buyer is not liable", None: ""}[binds]
    return f"sold with entry on {entry}{moved}{effect}"


def _told_of_resale(notice: Notice, resale: date | None, binds: bool | None) -> str:
    """Return in words what a sale by a buyer means for the next one."""
    if resale is None:
        return f"the sale on with entry on {notice.resale_on} is off"
    effect = {True: ": that buyer is liable too", False: ": that buyer is not liable", None: ""}[binds]
    return f"sold on with entry on {resale}{effect}"


def expired(notice: Notice, of_account: Iterable[Notice], day: date) -> Changed | None:
    """Let a notice expire on the day after its last; nobody having renewed it or decided not to is a breach.

    Not where another notice of its account is in force then.
    """
    if notice.state not in STANDING or notice.days_left(day) >= 0:
        return None
    others = (one for one in of_account if one.notice_id != notice.notice_id and one.state in LIVE)
    replaced = any(one.days_left(day) >= 0 for one in others)
    breach = notice.state in LIVE and not notice.left_to_expire and not replaced
    why = f"its last day was {notice.last_on}" + (", and it was not renewed" if breach else "")
    return changed(notice, NoticeChange.EXPIRED, why, state=NoticeState.EXPIRED, ended_on=day, breach=breach)


def _settled(notice: Notice, case: Case, policy: NoticePolicy, day: date) -> Changed | None:
    """Issue the consent once the debt is paid, due or not, and the newest money has stayed some days (R-NOPL-7, 9.44).

    What was written off is not paid, and of a notice for costs to come nothing was owed yet: of those officers decide.
    """
    pence = total(owed(case, policy))
    if notice.state is NoticeState.CONSENT_DUE and (pence or case.written_off_pence):
        state = NoticeState.RENEWED if notice.renewed_on else NoticeState.REGISTERED
        why = f"{as_pounds(pence)} is owed again" if pence else f"{as_pounds(case.written_off_pence)} is written off"
        return changed(notice, NoticeChange.OWED_AGAIN, why, state=state)
    if notice.state not in LIVE | {NoticeState.CONSENT_DUE} or pence or case.written_off_pence or not notice.saw_debt:
        return None
    stays_from = _stays_from(case, policy, day)
    if day >= stays_from:
        fields = {"state": NoticeState.CONSENT_ISSUED, "consented_on": day}
        return changed(notice, NoticeChange.CONSENT_ISSUED, "nothing that it is for is owed any more", **fields)
    if notice.state is NoticeState.CONSENT_DUE:
        return None
    waits = f"nothing that it is for is owed any more; consent on {stays_from} if the money stays"
    return changed(notice, NoticeChange.CONSENT_DUE, waits, state=NoticeState.CONSENT_DUE)


def _stays_from(case: Case, policy: NoticePolicy, day: date) -> date:
    """Return the day from which an account's newest money counts as come to stay."""
    paid_on = case.account.paid_on
    if paid_on is None:
        return day
    return office_days_later(min(paid_on, day), policy.consent_after_office_days) + _DAY


def _candidate(case: Case, policy: NoticePolicy, ladder: LadderPolicy, day: date) -> Changed | None:
    """Raise a candidate, bring its figures up to date, or withdraw it."""
    pending = next((one for one in case.notices if one.state in UNDER_WAY), None)
    if pending is not None and pending.state is not NoticeState.CANDIDATE:
        return None
    finding = find(case, policy, ladder, day)
    if pending is not None:
        return _again(pending, finding, day)
    return _raise(case, finding, policy, day) if finding.warrants and not _turned_down(case, finding) else None


def _turned_down(case: Case, finding: Finding) -> bool:
    """Whether an officer said no in this cycle; a sale told, or moved, since then asks again.

    What the Registers rejected is still wanted.
    """
    return any(
        one.state is NoticeState.REJECTED
        and one.submitted_on is None
        and one.cycle == case.account.rung.cycle
        and (one.entry_on == case.entry_on or not finding.urgent)
        for one in case.notices
    )


def _raise(case: Case, finding: Finding, policy: NoticePolicy, day: date) -> Changed:
    account = case.account
    assert account.account_ref is not None
    notice = Notice(
        name_of(account.account_ref, len(case.notices)), account.account_id, NoticeState.CANDIDATE, account.rung.cycle,
        day, policy.version, finding.reason, urgent=finding.urgent, saw_debt=True, entry_on=case.entry_on,
        **figures(finding.items),
    )  # fmt: skip
    return changed(notice, NoticeChange.RAISED, finding.reason)


def _again(candidate: Notice, finding: Finding, day: date) -> Changed | None:
    """Return what became of a candidate; None: nothing but its figures."""
    if not finding.warrants:
        over = {"state": NoticeState.WITHDRAWN, "ended_on": day}
        return changed(candidate, NoticeChange.WITHDRAWN, finding.reason, **over)
    if finding.urgent is not candidate.urgent:
        return changed(candidate, NoticeChange.URGENCY, finding.reason, urgent=finding.urgent)
    newer = replace(candidate, reason=finding.reason)
    return Changed(newer, None) if newer != candidate else None


def _next_on(case: Case, policy: NoticePolicy, day: date) -> date | None:
    """Return the next day to look again: an item ripens, a useful day passes, a notice nears its end, money stays."""
    days = [ripens_on(case, policy, day)]
    if case.entry_on is not None and case.entry_on > day:
        days.append(policy.last_useful(case.entry_on) + _DAY)
    for notice in case.notices:
        if notice.state in STANDING and notice.last_on is not None:
            days += [notice.last_on + _DAY, policy.first_task(notice.last_on)]
        if notice.state is NoticeState.CONSENT_DUE:
            days.append(_stays_from(case, policy, day))
    return min((one for one in days if one is not None and one > day), default=None)
