"""What a quarter's statement says of a repayment plan that stands: what was agreed, what is left, what comes next.

It tells how the plan is getting on; no figure of the statement changes by it.  Source: domain.md 3.10, 4.4 and 5.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate

from services.notify.domain import plans, spoken
from services.notify.domain.dispatch import Debts, Hold
from services.notify.domain.letter import Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.arrears import HoldKind, PlanChanged, PlanInstalment, PlanState
from shared.events.billing import LineKind, StatementIssued
from shared.holds import PLAN_STAGE, stops_plan
from shared.money import as_pounds

_STANDING = (PlanState.AGREED, PlanState.WARNED)
_NEW = frozenset({LineKind.CHARGE, LineKind.FEE, LineKind.INTEREST})


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """A plan as it stood at the end of a day: its newest change by then, and what of it was still asked for."""

    told: PlanChanged
    on: date
    left_pence: int

    @property
    def settled_pence(self) -> int:
        """What of it was paid, credited, written off or disputed by then, in pence."""
        return self.told.total_pence - self.left_pence

    @property
    def instalments(self) -> tuple[PlanInstalment, ...]:
        """The whole schedule."""
        return self.told.instalments or ()

    @property
    def short_pence(self) -> int:
        """What is missing of the instalments whose day is over, in pence; no days of grace are taken off."""
        over = sum(one.amount_pence for one in self.instalments if one.due_on < self.on)
        return max(0, over - self.settled_pence)

    @property
    def next(self) -> PlanInstalment | None:
        """The first instalment to come that is not paid whole, with what is left of it; money counts in their order."""
        ends = accumulate(one.amount_pence for one in self.instalments)
        left = [(one, end - self.settled_pence) for one, end in zip(self.instalments, ends, strict=True)]
        coming = ((one, min(pence, one.amount_pence)) for one, pence in left if one.due_on >= self.on and pence > 0)
        return next((one.model_copy(update={"amount_pence": pence}) for one, pence in coming), None)


def standing(told: PlanChanged, debts: Debts | None, holds: Collection[Hold], on: date) -> StandingPlan | None:
    """Return a plan as a statement shows it, or None: it is over, nothing of it is asked for, or a hold says otherwise.

    ``told``: its newest change by the end of ``on``.  ``debts``: what was open of the account then; None: nobody has
    told, and what the change said is left counts.  What keeps the letters about a plan back keeps it off the statement,
    and an insolvency does, too: what that froze is not paid by instalments.
    """
    if told.state not in _STANDING or not told.instalments or not told.items or _is_quiet(told, holds):
        return None
    found = StandingPlan(told, on, _left_pence(told, debts))
    return found if found.left_pence > 0 else None


def _left_pence(told: PlanChanged, debts: Debts | None) -> int:
    """Return what is still asked for of the debts in a plan; what is open of one beyond that is not in the plan."""
    if debts is None:
        return told.total_pence - (told.paid_pence or 0)
    return sum(min(item.open_pence, debts.get((item.charge_id, item.due_on), 0)) for item in told.items or ())


def _is_quiet(told: PlanChanged, holds: Collection[Hold]) -> bool:
    named = {None, *(item.charge_id for item in told.items or ())}
    kinds = {hold.kind for hold in holds if not hold.is_lifted and hold.charge_id in named}
    return any(kind is HoldKind.INSOLVENCY or stops_plan(kind, PLAN_STAGE) for kind in kinds)


def facts_of(plan: StandingPlan) -> dict[str, str]:
    """Return the facts that a statement's wording may name of a plan; the next instalment's only if there is one."""
    of_plan = plans.facts_of(plan.told) | {
        "known_on": spoken.day(plan.on),
        "settled": as_pounds(plan.settled_pence),
        "left": as_pounds(plan.left_pence),
        "short": as_pounds(plan.short_pence),
    }
    if plan.next is not None:
        of_plan |= {"next": as_pounds(plan.next.amount_pence), "next_on": spoken.day(plan.next.due_on)}
    return {f"plan_{name}": value for name, value in of_plan.items()}


def add_to(subject: Subject, plan: StandingPlan, statement: StatementIssued, wording: Wording, facts: Facts) -> Subject:
    """Return a statement's part of a letter with the plan's: nobody is asked for the whole plan by the due day."""
    holds = set(subject.holds) | {"plan"}
    holds |= {"plan-short"} if plan.short_pence else set()
    holds |= {"plan-next"} if plan.next is not None else set()
    if "older" in holds:
        holds = holds - {"older"} | {"older-and-plan"}
    if "pay" not in holds:
        return replace(subject, holds=frozenset(holds | {"plan-alone"}))
    return replace(
        subject.with_note(fill(wording.headline["plan_note"], facts)),
        holds=frozenset(holds | {"plan-on-top" if _has_news(plan, statement) else "plan-in-balance"}),
    )


def _has_news(plan: StandingPlan, statement: StatementIssued) -> bool:
    """Say whether a statement has charges beside the plan; an opening balance may be in one before it is on a line."""
    named = {item.charge_id for item in plan.told.items or ()}
    return any(line.kind in _NEW and line.charge_id not in named for line in statement.lines)
