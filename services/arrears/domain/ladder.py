"""The ladder: what one account has reached on one day, and when it must be looked at again (contract.md 6)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.arrears.domain import holds
from services.arrears.domain.account import Account, Item, Rung, overdue, total
from services.arrears.domain.flights import not_flying
from services.arrears.domain.ladder_policy import LadderPolicy, Stage
from shared.calendar import office_day_from, office_days_later
from shared.money import as_pounds


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about an account on a day, with the figures and the reason that led to it.

    ``reached`` is the stage whose letter goes now; ``items`` and ``chased_pence`` are what it is about;
    ``closed_cycle`` says that the debt cycle ended; ``next_check_on`` is the next day on which time alone could
    change the answer (nothing: only news can).
    """

    account_id: str
    day: date
    policy_version: str
    overdue_pence: int
    chased_pence: int
    items: tuple[Item, ...]
    rung: Rung
    reached: Stage | None
    closed_cycle: bool
    next_check_on: date | None
    reason: str


def assess(account: Account, policy: LadderPolicy, day: date) -> Decision:
    """Decide about one account at the end of ``day``, from all that is in the book of that day."""
    late = overdue(account.items, day)
    rung, closed = _cycle(account, policy, late)
    decision = Decision(
        account.account_id, day, policy.version, total(late), 0, (), rung, None, closed, None, "nothing is overdue"
    )
    if not late:
        return _wait(account, decision)
    reason = _never(account)
    stage = policy.after(rung.stage)
    if reason or stage is None:
        return _wait(account, replace(decision, reason=reason or "the last stage of the ladder is reached"))
    climbed = _climb(replace(account, rung=rung), policy, stage, decision, late)
    if closed and climbed.reached is not None:  # an account has one decision a day, and today's ended a cycle
        return _wait(account, replace(decision, reason="a cycle ended today"), day + timedelta(days=1))
    return climbed


def _cycle(account: Account, policy: LadderPolicy, late: tuple[Item, ...]) -> tuple[Rung, bool]:
    """Close the cycle below the limit; take a closed one up again when the money that closed it was taken back."""
    rung, before = account.rung, account.before
    if rung.stage and _owed(rung, account, late) < policy.cycle_closes_below_pence:
        return replace(rung, cycle=rung.cycle + 1, stage=0, stage_on=None), True
    if before is None or rung.stage or _owed(before, account, late) < policy.cycle_closes_below_pence:
        return rung, False
    return replace(rung, cycle=before.cycle, stage=before.stage, stage_on=before.stage_on), False


def _owed(cycle: Rung, account: Account, late: tuple[Item, ...]) -> int:
    """Return the overdue pence that keep a cycle open.

    What an insolvency froze keeps none open.  Where some is frozen, what was not yet overdue at the cycle's last
    letter is debt after the insolvency, with a cycle of its own; else a new quarter joins the cycle.
    """
    live = holds.not_frozen(late, account.holds)
    if len(live) < len(late) and cycle.stage_on is not None:
        live = overdue(live, cycle.stage_on)
    return total(live)


def _never(account: Account) -> str | None:
    """Return why an account is not chased at all."""
    if account.internal:
        return "the association's own account is never chased"
    if account.account_ref is None:
        return "the account is not opened yet"
    if account.balance_pence <= 0:
        return "the account is not in debt: its balance is nothing or in credit"
    return None


def _climb(
    account: Account, policy: LadderPolicy, stage: Stage, decision: Decision, late: tuple[Item, ...]
) -> Decision:
    """Decide whether ``stage`` is reached today, and if not, why not."""
    rest = not_flying(late, account.flights, decision.day)
    items = holds.chased(rest, account.holds, stage.number)
    decision = replace(decision, items=items, chased_pence=total(items))
    stopped = holds.stopping(account.holds, stage.number)
    if stopped is not None:
        return _wait(account, replace(decision, reason=f"hold {stopped.value}: {stage.name} is stopped"))
    if not items:
        return _wait(account, replace(decision, reason=f"everything overdue is {_kept_back(late, rest)}"))
    if decision.chased_pence < stage.minimum_pence:
        short = f"{as_pounds(decision.chased_pence)} is below the minimum {as_pounds(stage.minimum_pence)}"
        return _wait(account, replace(decision, reason=f"{short} of {stage.name}"))
    return _when(account, policy, stage, decision)


def _kept_back(late: tuple[Item, ...], rest: tuple[Item, ...]) -> str:
    """Return why nothing of what is overdue is chased; ``rest`` is what is left of it without what is on its way."""
    flying = "on its way by direct debit"
    if not rest:
        return flying
    how = "disputed or held" if any(item.disputed_pence for item in late) else "held"
    return how if rest == late else f"{how}, or {flying}"


def _when(account: Account, policy: LadderPolicy, stage: Stage, decision: Decision) -> Decision:
    """The figures are there: the letter goes on the first office day that every rule allows."""
    earliest, why = max(_bounds(account, policy, stage, decision), key=lambda bound: bound[0])
    go_on = office_day_from(max(earliest, decision.day))
    if go_on > decision.day:
        waiting = replace(decision, reason=f"{stage.name} on {go_on} at the earliest: {why}")
        return _wait(account, waiting, go_on)
    rung = replace(decision.rung, stage=stage.number, stage_on=decision.day, letter_on=decision.day, grace_until=None)
    reached = replace(decision, rung=rung, reached=stage, reason=_reached_reason(stage, decision))
    return _wait(account, reached, decision.day + timedelta(days=policy.letters_apart_days))


def _bounds(account: Account, policy: LadderPolicy, stage: Stage, decision: Decision) -> list[tuple[date, str]]:
    """Return every rule's first allowed day with its name, in the order in which ties are told."""
    rung = account.rung
    items, day = decision.items, decision.day
    bounds = [(items[0].issued_on + timedelta(days=stage.day), f"day {stage.day} after issue of the oldest item")]
    if account.paid_on is not None:
        paid_on = min(account.paid_on, day)
        free = office_days_later(paid_on, policy.recent_payment_office_days) + timedelta(days=1)
        bounds.append((free, f"money of {account.paid_on} is recent"))
    if rung.letter_on is not None:
        apart = max(policy.letters_apart_days, stage.gap_days if rung.stage else 0)
        bounds.append((rung.letter_on + timedelta(days=apart), f"{apart} days after the letter before"))
    if rung.grace_until is not None:
        bounds.append((rung.grace_until, "days of grace after a hold"))
    ended = [item.dispute_ended_on for item in items if item.dispute_ended_on is not None]
    if ended:
        bounds.append((max(ended) + timedelta(days=policy.grace_days), "days of grace after a dispute"))
    return bounds


def _reached_reason(stage: Stage, decision: Decision) -> str:
    days = (decision.day - decision.items[0].issued_on).days
    return (
        f"{as_pounds(decision.chased_pence)} overdue, {stage.name} from {as_pounds(stage.minimum_pence)}, "
        f"day {days} after issue of the oldest item (from day {stage.day})"
    )


def _wait(account: Account, decision: Decision, check_on: date | None = None) -> Decision:
    """Look again when ``check_on`` comes, an item becomes overdue or money did not come, whichever is first."""
    ends = [*(item.due_on for item in account.items), *(one.settled_by for one in account.flights)]
    following = [end + timedelta(days=1) for end in ends if decision.day <= end < date.max]
    days = [*following, *([check_on] if check_on is not None else [])]
    return replace(decision, next_check_on=min(days, default=None))
