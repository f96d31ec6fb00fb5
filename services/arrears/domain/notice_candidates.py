"""Whether an account's debt warrants a notice of potential liability on a day, and why (domain.md 3.13)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.arrears.domain.account import Account, Hold, Item, overdue, total
from services.arrears.domain.flights import not_flying
from services.arrears.domain.holds import not_frozen
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notices import LIVE, Notice
from shared.events.arrears import HoldKind, NoticeState
from shared.events.housing import ChargeKind
from shared.money import as_pounds


@dataclass(frozen=True, slots=True)
class Case:
    """An account as the day's ladder left it, and what a notice asks besides.

    ``kinds`` says what each overdue charge is for, where that was told; ``entry_on`` is when the next owner takes over,
    if a sale was told; ``notices`` are all that the account ever had, the oldest first; ``resale_on`` is when the
    newest owner after that one takes over.
    """

    account: Account
    kinds: Mapping[str, ChargeKind]
    entry_on: date | None = None
    written_off_pence: int = 0
    notices: tuple[Notice, ...] = ()
    resale_on: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an account: whether a notice is warranted, for which debt, and why (not)."""

    warrants: bool
    urgent: bool
    items: tuple[Item, ...]
    reason: str

    @property
    def pence(self) -> int:
        """What counts for the minima."""
        return total(self.items)


def find(case: Case, policy: NoticePolicy, ladder: LadderPolicy, day: date) -> Finding:
    """Look at one account at the end of a day."""
    finding = Finding(False, False, eligible(case, policy, day), "")
    barred = _barred(case, policy, day)
    if barred is not None:
        return replace(finding, reason=barred)
    urgent = _for_a_sale(case, finding, policy, day)
    if urgent is not None:
        return replace(finding, warrants=True, urgent=True, reason=urgent)
    short = _short(case, finding, policy, ladder, day)
    if short is not None:
        return replace(finding, reason=short)
    return replace(finding, warrants=True, reason=_grounds(case, finding, policy, day))


def eligible(case: Case, policy: NoticePolicy, day: date) -> tuple[Item, ...]:
    """Return what counts of an account's overdue items, the oldest first.

    Not what a direct debit is to take, what an insolvency froze, what is disputed or held; nor a charge of a kind that
    no notice is for, or whose kind was not told.
    """
    account = case.account
    free = not_frozen(not_flying(overdue(account.items, day), account.flights, day), account.holds)
    held = {hold.charge_id for hold in account.holds if hold.kind in policy.blocking_holds}
    return tuple(
        replace(item, open_pence=item.open_pence - item.disputed_pence, disputed_pence=0)
        for item in free
        if item.charge_id not in held
        and item.open_pence > item.disputed_pence
        and case.kinds.get(item.charge_id) in policy.eligible_kinds
    )


def owed(case: Case, policy: NoticePolicy) -> tuple[Item, ...]:
    """Return what is open of all that a notice may be for, due or not: also what is disputed, held or on its way."""
    kinds = ((item, case.kinds.get(item.charge_id)) for item in case.account.items)
    return tuple(item for item, kind in kinds if kind is None or kind in policy.eligible_kinds)


def _barred(case: Case, policy: NoticePolicy, day: date) -> str | None:
    """Return why a notice is out of the question whatever is owed; None: it is not."""
    account = case.account
    if account.internal or account.account_ref is None:
        return "no owner's account"
    if account.balance_pence <= 0:
        return "the account is not in debt: its balance is nothing or in credit"
    hold = _blocking(account.holds, policy)
    if hold is not None:
        return f"hold {hold}"
    return _too_late(case.entry_on, policy, day) or _covered(case, policy, day)


def _blocking(holds: tuple[Hold, ...], policy: NoticePolicy) -> HoldKind | None:
    """Return the hold on the whole account that stands in the way."""
    whole = (hold.kind for hold in holds if hold.charge_id is None)
    return min((kind for kind in whole if kind in policy.blocking_holds), default=None)


def _too_late(entry_on: date | None, policy: NoticePolicy, day: date) -> str | None:
    """Return that a notice registered after a day no longer binds the next owner (domain.md 8.7)."""
    if entry_on is None:
        return None
    if entry_on <= day:
        return f"the ownership ended on {entry_on}"
    last = policy.last_useful(entry_on)
    return f"sold with entry on {entry_on}: {last} was the last useful day" if day > last else None


def _covered(case: Case, policy: NoticePolicy, day: date) -> str | None:
    """Return which live notice makes another needless: it outlasts the renewal days, binds the buyer, or may end."""
    for notice in case.notices:
        if notice.state not in LIVE:
            continue
        if notice.left_to_expire:
            return f"{notice.notice_id} is left to expire"
        if notice.last_on is not None and day < policy.first_task(notice.last_on):
            return f"{notice.notice_id} is in force until {notice.last_on}"
        if case.entry_on is not None and notice.binds(case.entry_on, policy.wait_days):
            return f"{notice.notice_id} binds the buyer of {case.entry_on}"
    return None


def _for_a_sale(case: Case, finding: Finding, policy: NoticePolicy, day: date) -> str | None:
    """Return why a notice is urgent: a sale is told, and there is time enough to register one before it.

    One that is wanted already stays so up to the last useful day.
    """
    if case.entry_on is None or finding.pence < policy.sale_minimum_pence:
        return None
    ask_by, last = policy.ask_by(case.entry_on), policy.last_useful(case.entry_on)
    wanted = any(one.state is NoticeState.CANDIDATE and one.urgent for one in case.notices)
    if day > ask_by and not wanted:
        return None
    return (
        f"sold with entry on {case.entry_on}: {as_pounds(finding.pence)} eligible overdue, from "
        f"{as_pounds(policy.sale_minimum_pence)}; ask by {ask_by}, register by {last}"
    )


def _short(case: Case, finding: Finding, policy: NoticePolicy, ladder: LadderPolicy, day: date) -> str | None:
    """Return what of the ordinary conditions is not met; None: all are."""
    if finding.pence < policy.minimum_pence:
        return f"{as_pounds(finding.pence)} eligible overdue is below the minimum {as_pounds(policy.minimum_pence)}"
    days = (day - finding.items[0].due_on).days
    if days < policy.overdue_days:
        return f"the oldest eligible item is {days} days past due, not {policy.overdue_days}"
    letters = [stage for stage in ladder.stages if stage.enabled and stage.name in policy.after_stages]
    if letters and case.account.rung.stage < letters[-1].number:
        return f"{letters[-1].name} was not sent in this cycle"
    return None


def _grounds(case: Case, finding: Finding, policy: NoticePolicy, day: date) -> str:
    """Return the figures that warrant a notice, and which live one it would follow."""
    days = (day - finding.items[0].due_on).days
    expiring = [one for one in case.notices if one.state in LIVE]
    ending = "".join(f"; {one.notice_id} ends on {one.last_on}" for one in expiring)
    return (
        f"{as_pounds(finding.pence)} eligible overdue, from {as_pounds(policy.minimum_pence)}; the oldest "
        f"{days} days past due, from {policy.overdue_days}{ending}"
    )


def ripens_on(case: Case, policy: NoticePolicy, day: date) -> date | None:
    """Return the next day on which an overdue item becomes old enough."""
    days = (item.due_on + timedelta(days=policy.overdue_days) for item in eligible(case, policy, day))
    return min((one for one in days if one > day), default=None)
