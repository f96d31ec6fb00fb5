"""Repayment plans: what is agreed, and how far it is paid, derived from the open items alone (domain.md 3.10, 4.4)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import accumulate

from services.arrears.domain.account import Account, Item, overdue
from services.arrears.domain.holds import chased
from services.arrears.domain.instalments import Instalment, schedule
from services.arrears.domain.plan_policy import PlanPolicy
from shared.calendar import office_days_later
from shared.events.arrears import Frequency, PlanState
from shared.holds import PLAN_STAGE

STANDING = frozenset({PlanState.AGREED, PlanState.WARNED})
"""A plan in one of these states keeps its charges from the ladder."""


class Trouble(StrEnum):
    """What an owner is warned of."""

    INSTALMENT = "instalment"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Debt:
    """An item in a plan, by its charge and due day, with what of it was overdue and undisputed when it was agreed."""

    charge_id: str
    due_on: date
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed about paying; the affordability note is named by where it is.

    ``current_charges``: charges beside the plan have to be paid on time, too.
    """

    frequency: Frequency
    count: int
    first_on: date
    method: str
    affordability_ref: str
    current_charges: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """An instalment found missed.

    ``met_from_pence``: how much money of value days up to the end of its days of grace the account would have to have
    for it to have been met in time; none: found before that was asked.
    """

    number: int
    met_from_pence: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it stands.

    ``missed`` are the instalments found missed, also those caught up since; ``warned_of`` and ``catch_up_by`` are
    the warning that stands; ``change`` counts its changes.
    """

    plan_id: str
    account_id: str
    agreed_on: date
    terms: Terms
    debts: tuple[Debt, ...]
    state: PlanState = PlanState.AGREED
    change: int = 1
    missed: frozenset[Missed] = frozenset()
    warned_of: frozenset[Trouble] = frozenset()
    catch_up_by: date | None = None

    @property
    def total_pence(self) -> int:
        """All its debts together, in pence."""
        return sum(debt.amount_pence for debt in self.debts)

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """What is due of it when."""
        return schedule(self.total_pence, self.terms.count, self.terms.first_on, self.terms.frequency)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plan is paid on a day, in pence.

    ``due_pence`` is what should have been paid by then, days of grace over, and ``behind`` is the number of the last
    instalment of that if more than is tolerated is missing; ``next`` is the first one that is not paid whole, with what
    is left of it; ``current_pence`` is what is overdue beside the plan, days of grace over.
    """

    paid_pence: int
    due_pence: int
    left_pence: int
    current_pence: int
    behind: int = 0
    next: Instalment | None = None

    @property
    def short_pence(self) -> int:
        """What is missing of what should have been paid."""
        return max(0, self.due_pence - self.paid_pence)


def owed(account: Account, day: date) -> tuple[Debt, ...]:
    """Return what a plan may be about: all that is overdue on a day and not held or frozen, nor of a charge disputed.

    Also of one disputed in part: when that ends, nobody could say which part of it was paid.
    """
    pence = Counter[tuple[str, date]]()
    disputed = {item.charge_id for item in account.items if item.disputed_pence}
    for item in chased(overdue(account.items, day), account.holds, PLAN_STAGE):
        if item.charge_id not in disputed:
            pence[item.charge_id, item.due_on] += item.open_pence
    return tuple(Debt(charge_id, due_on, amount) for (charge_id, due_on), amount in pence.items())


def split(debts: Iterable[Debt], items: Iterable[Item]) -> tuple[int, tuple[Item, ...]]:
    """Return what is still asked for of a plan's debts, in pence, and what else is open, both without what is disputed.

    What is open of a debt beyond what was agreed (money from before the plan was taken back) is not in the plan.
    """
    agreed = Counter({(debt.charge_id, debt.due_on): debt.amount_pence for debt in debts})
    left, beside = 0, []
    for item in items:
        asked = item.open_pence - item.disputed_pence
        part = min(asked, agreed[item.charge_id, item.due_on])
        agreed[item.charge_id, item.due_on] -= part
        left += part
        if asked > part:
            beside.append(replace(item, open_pence=asked - part, disputed_pence=0))
    return left, tuple(beside)


def progress(plan: Plan, items: Sequence[Item], policy: PlanPolicy, day: date) -> Progress:
    """Return how far a plan is paid on a day, from what is open by then; what was paid is what is open no more.

    So money that is taken back un-pays it, and credits and write-offs count like money.
    """
    left, beside = split(plan.debts, items)
    paid = plan.total_pence - left
    over = [one for one in plan.instalments if grace_over(one.due_on, policy, day)]
    due = sum(one.amount_pence for one in over)
    behind = over[-1].number if due - paid > policy.tolerance_pence else 0
    current = sum(item.open_pence for item in beside if _is_current(item, plan) and is_late(item, policy, day))
    return Progress(paid, due, left, current, behind, _next(plan.instalments, paid))


def _is_current(item: Item, plan: Plan) -> bool:
    """Say whether an item beside a plan has to be paid on time: not a debt that was overdue and left out of the plan.

    Of a charge in the plan every item is, for the plan's hold keeps it from the ladder.
    """
    return item.due_on >= plan.agreed_on or any(item.charge_id == debt.charge_id for debt in plan.debts)


class Met(StrEnum):
    """How an instalment stands; ``missed`` once its days of grace are over and more than is tolerated is missing."""

    MET = "met"
    PART = "part"
    OPEN = "open"
    MISSED = "missed"


def stand(plan: Plan, paid_pence: int, policy: PlanPolicy, day: date) -> list[tuple[Instalment, int, Met]]:
    """Return each instalment with what is paid of it, money counted in their order, and how it stands on a day."""
    ends = accumulate(one.amount_pence for one in plan.instalments)
    left = [
        (one, min(max(0, end - paid_pence), one.amount_pence)) for one, end in zip(plan.instalments, ends, strict=True)
    ]
    return [(one, one.amount_pence - pence, _met(one, pence, policy, day)) for one, pence in left]


def _met(one: Instalment, left_pence: int, policy: PlanPolicy, day: date) -> Met:
    over = grace_over(one.due_on, policy, day)
    if left_pence <= (policy.tolerance_pence if over else 0):
        return Met.MET
    if over:
        return Met.MISSED
    return Met.PART if left_pence < one.amount_pence else Met.OPEN


def _next(instalments: Sequence[Instalment], paid_pence: int) -> Instalment | None:
    """Return the first instalment that money in their order does not pay whole, with what is left of it."""
    ends = accumulate(one.amount_pence for one in instalments)
    left = ((one, end - paid_pence) for one, end in zip(instalments, ends, strict=True) if end > paid_pence)
    return next((replace(one, amount_pence=pence) for one, pence in left), None)


def grace_over(due_on: date, policy: PlanPolicy, day: date) -> bool:
    """Say whether the days of grace after ``due_on`` are over: money of the last of them counts."""
    return due_on < day and last_of_grace(due_on, policy) < day


def last_of_grace(due_on: date, policy: PlanPolicy) -> date:
    """Return the last of the days of grace after ``due_on``."""
    return office_days_later(due_on, policy.grace_office_days)


def is_late(item: Item, policy: PlanPolicy, day: date) -> bool:
    """Say whether an item is overdue beyond the days of grace; those after a dispute of it count, too."""
    return grace_over(max(item.due_on, item.dispute_ended_on or item.due_on), policy, day)
