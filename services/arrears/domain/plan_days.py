"""What a day makes of a plan: kept, warned, failed, completed, or open again (domain.md 4.4)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.arrears.domain.account import Account, Item, overdue
from services.arrears.domain.flights import not_flying
from services.arrears.domain.holds import chased
from services.arrears.domain.missed import found, in_words, too_many, without_met
from services.arrears.domain.plan_policy import PlanPolicy
from services.arrears.domain.plans import STANDING, Missed, Plan, Progress, Trouble, grace_over, progress, split
from shared.calendar import office_days_later
from shared.events.arrears import HoldKind, PlanState
from shared.holds import PLAN_WARNING_STAGE, stops_plan
from shared.money import as_pounds

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a plan stands after a day, the figures and the reason that led to it, and when time alone changes that.

    ``reason`` is empty when nothing was decided anew.
    """

    plan: Plan
    progress: Progress
    reason: str
    next_check_on: date | None = None


def assess(plan: Plan, account: Account, policy: PlanPolicy, day: date) -> Outcome:
    """Decide about one plan at the end of ``day``, from all that is in the book of that day.

    A completed plan that is paid no more stands again.  An instalment that value dates show as met in time counts as
    missed no more.  What is on its way by direct debit counts for the tests of breach; while another hold stops letters
    about the account or the plan they are not made, and begin anew after it.
    """
    now, judged = progress(plan, account.items, policy, day), without_met(plan, account, policy)
    if _is_paid(plan, now, policy, day) and not _is_disputed(plan, account):
        return _over(judged, now, account)
    stands = judged if plan.state in STANDING else replace(judged, state=PlanState.AGREED)
    if _is_paused(plan, account, policy, day):
        outcome = _pause(plan, stands, now)
    else:
        outcome = _test(plan, stands, account, policy, day)
    return replace(outcome, next_check_on=_next_check_on(outcome.plan, account, policy, day))


def _is_paid(plan: Plan, now: Progress, policy: PlanPolicy, day: date) -> bool:
    """Nothing is left, or after the last instalment's days of grace no more than is tolerated."""
    over = grace_over(plan.instalments[-1].due_on, policy, day)
    return now.left_pence == 0 or (over and now.left_pence <= policy.tolerance_pence)


def _over(plan: Plan, now: Progress, account: Account) -> Outcome:
    """Complete a plan; one whose account has something given up ends, for then nobody is told that all is paid."""
    if account.written_off_pence and plan.state in STANDING:
        given_up = as_pounds(account.written_off_pence)
        reason = f"{_completed_reason(plan, now)}, and {given_up} of the account is written off"
        return _outcome(plan, _without_warning(plan, PlanState.ENDED), now, reason)
    return _outcome(plan, _without_warning(plan, PlanState.COMPLETED), now, _completed_reason(plan, now))


def _pause(plan: Plan, stands: Plan, now: Progress) -> Outcome:
    """Let a warning end, and count nothing as missed: its letter may not have left, and nobody could catch up by it."""
    reason = "not warned of while a hold or its days of grace last" if plan.state is PlanState.WARNED else ""
    after = replace(_without_warning(stands, PlanState.AGREED), missed=frozenset())
    return _outcome(plan, after, now, reason or _reopened_reason(now))


def _is_disputed(plan: Plan, account: Account) -> bool:
    """Say whether something of a plan's charges is disputed: then nobody can say yet that nothing is left to pay.

    A completed plan stays so whatever is disputed: its owner was told.
    """
    named = {debt.charge_id for debt in plan.debts}
    disputed = any(item.disputed_pence and item.charge_id in named for item in account.items)
    return disputed and plan.state is not PlanState.COMPLETED


def _is_paused(plan: Plan, account: Account, policy: PlanPolicy, day: date) -> bool:
    """Say whether an owner may not be warned today: another hold, or the days of grace after one or after a dispute."""
    named = {debt.charge_id for debt in plan.debts}
    grace_until = account.rung.grace_until
    if grace_until is not None and day < grace_until:
        return True
    ended = [item.dispute_ended_on for item in account.items if item.charge_id in named and item.dispute_ended_on]
    if any(not grace_over(on, policy, day) for on in ended):
        return True
    others = (hold for hold in account.holds if hold.charge_id is None or hold.charge_id in named)
    return any(stops_plan(hold.kind, PLAN_WARNING_STAGE) for hold in others)


def _tested(account: Account, day: date) -> tuple[Item, ...]:
    """Return the items that the tests of breach look at: what is overdue, without what may not be chased."""
    late = not_flying(overdue(account.items, day), account.flights, day)
    others = [hold for hold in account.holds if hold.kind is not HoldKind.PLAN_ACTIVE]
    return chased(late, others, PLAN_WARNING_STAGE)


def _test(plan: Plan, stands: Plan, account: Account, policy: PlanPolicy, day: date) -> Outcome:
    """Make the tests of breach; what an owner is warned of already has its days to be caught up.

    ``stands`` is the plan without what it is blamed for no more.
    """
    late, met = _tested(account, day), plan.missed - stands.missed
    now = progress(stands, late, policy, day)
    troubles = _troubles(stands, now, policy)
    stands = replace(stands, missed=found(stands, now, account, policy, day))
    if too_many(stands.missed, policy):
        reason = f"{policy.fails_at_missed} of {policy.in_a_row} instalments in a row were missed"
        return _outcome(plan, _without_warning(stands, PlanState.FAILED), now, reason)
    if _warned_still(stands, late, policy):
        return _wait(plan, stands, now, troubles, day)
    if troubles:
        catch_up_by = day + timedelta(days=policy.catch_up_days)
        warned = replace(stands, state=PlanState.WARNED, warned_of=troubles, catch_up_by=catch_up_by)
        return _outcome(plan, warned, now, _words(now, troubles))
    return _keep(plan, _without_warning(stands, PlanState.AGREED), now, met)


def _keep(plan: Plan, kept: Plan, now: Progress, met: frozenset[Missed]) -> Outcome:
    """Let a plan stand as agreed; that it is blamed for something no more is a change, also of one not warned of."""
    if plan.state not in STANDING:
        return _outcome(plan, kept, now, _reopened_reason(now))
    if not met:
        return _outcome(plan, kept, now, "caught up")
    rested_on_more = plan.missed - met or Trouble.CURRENT in plan.warned_of
    caught_up = "caught up, and " if plan.state is PlanState.WARNED and rested_on_more else ""
    return Outcome(replace(kept, change=plan.change + 1), now, caught_up + in_words(met))


def _warned_still(plan: Plan, late: tuple[Item, ...], policy: PlanPolicy) -> bool:
    """Say whether something is missing of what the warning that stands asked for: what was late on its day."""
    if plan.catch_up_by is None:
        return False
    then = progress(plan, late, policy, plan.catch_up_by - timedelta(days=policy.catch_up_days))
    return bool(_troubles(plan, then, policy) & plan.warned_of)


def _wait(plan: Plan, stands: Plan, now: Progress, troubles: frozenset[Trouble], day: date) -> Outcome:
    """Let the days to catch up pass; after the last of them the warning has lapsed."""
    assert stands.catch_up_by is not None
    if day <= stands.catch_up_by:
        return _outcome(plan, stands, now, "")
    reason = f"not caught up by {stands.catch_up_by}: {_words(now, troubles)}"
    return _outcome(plan, _without_warning(stands, PlanState.FAILED), now, reason)


def _troubles(plan: Plan, now: Progress, policy: PlanPolicy) -> frozenset[Trouble]:
    """Return what an owner may be warned of."""
    current = plan.terms.current_charges and now.current_pence > policy.tolerance_pence
    there = {Trouble.INSTALMENT: now.behind > 0, Trouble.CURRENT: current}
    return frozenset(trouble for trouble, is_there in there.items() if is_there)


def ended(plan: Plan, now: Progress, reason: str) -> Outcome:
    """Return a plan that an officer ends: the ladder goes on, and what it was warned of is over."""
    return _outcome(plan, _without_warning(plan, PlanState.ENDED), now, reason)


def _without_warning(plan: Plan, state: PlanState) -> Plan:
    return replace(plan, state=state, warned_of=frozenset(), catch_up_by=None)


def _outcome(before: Plan, after: Plan, now: Progress, reason: str) -> Outcome:
    """Return what was decided; a change of the state or a new warning is a change of the plan, with its reason."""
    if (after.state, after.catch_up_by) == (before.state, before.catch_up_by):
        return Outcome(after, now, "")
    return Outcome(replace(after, change=before.change + 1), now, reason)


def _words(now: Progress, troubles: frozenset[Trouble]) -> str:
    words = {
        Trouble.INSTALMENT: f"{as_pounds(now.short_pence)} of instalments is missing",
        Trouble.CURRENT: f"{as_pounds(now.current_pence)} beside the plan is overdue",
    }
    return ", ".join(words[one] for one in sorted(troubles, reverse=True))


def _completed_reason(plan: Plan, now: Progress) -> str:
    left = f"{as_pounds(now.left_pence)}, which is tolerated," if now.left_pence else "nothing"
    return f"{left} of {as_pounds(plan.total_pence)} is left"


def _reopened_reason(now: Progress) -> str:
    return f"{as_pounds(now.left_pence)} is open again"


def _next_check_on(plan: Plan, account: Account, policy: PlanPolicy, day: date) -> date | None:
    """Return the next day on which time alone could change the answer, for a plan that stands."""
    if plan.state not in STANDING:
        return None
    _, beside = split(plan.debts, account.items)
    ended = [item.dispute_ended_on for item in account.items if item.dispute_ended_on is not None]
    due = [*(one.due_on for one in plan.instalments), *(item.due_on for item in beside), *ended]
    late = [office_days_later(on, policy.grace_office_days) + _DAY for on in due if on < day]
    coming = [on + _DAY for on in due if day <= on < date.max]
    flights = [one.settled_by + _DAY for one in account.flights]
    ends = [plan.catch_up_by + _DAY] if plan.catch_up_by is not None else []
    grace = [account.rung.grace_until] if account.rung.grace_until is not None else []
    return min((on for on in (*late, *coming, *flights, *ends, *grace) if on > day), default=None)
