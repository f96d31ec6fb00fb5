"""Which instalments of a plan count as missed: none that value dates show as met in time, whenever that is learnt.

A value date is the bank's day: when the owner paid.  An instalment is judged when its days of grace are over, by what
is known then; a bank's file that comes late, or money matched later, may show that the owner had paid.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.arrears.domain.account import Account, Item, Receipt, overdue
from services.arrears.domain.flights import not_flying
from services.arrears.domain.plan_policy import PlanPolicy
from services.arrears.domain.plans import Missed, Plan, Progress, last_of_grace, split


def found(plan: Plan, now: Progress, account: Account, policy: PlanPolicy, day: date) -> frozenset[Missed]:
    """Return what was found missed, with the newest of the instalments that are behind.

    So money for several instalments that is taken back at once is one of them missed, and leads to a warning.
    """
    if not now.behind or now.behind in numbers(plan.missed):
        return plan.missed
    had = _received(account.receipts, _last_of_grace(plan, now.behind, policy))
    items = not_flying(overdue(account.items, day), account.flights, day)
    wanted = _wanted(plan, items, now.short_pence - policy.tolerance_pence)
    return plan.missed | {Missed(now.behind, had + wanted)}


def _wanted(plan: Plan, items: Sequence[Item], short_pence: int) -> int:
    """Return how much more money would have paid so much of a plan: older debts beside it take theirs first.

    So does what is open of its own debts beyond what was agreed, which is not in it.
    """
    _, others = split(plan.debts, items)
    beside = Counter[tuple[str, date]]()
    for item in others:
        beside[item.charge_id, item.due_on] += item.open_pence
    wanted = 0
    for item in items:
        asked = item.open_pence - item.disputed_pence
        first = min(asked, beside[item.charge_id, item.due_on])
        beside[item.charge_id, item.due_on] -= first
        if asked - first >= short_pence:
            return wanted + first + short_pence
        short_pence -= asked - first
        wanted += asked
    return wanted + short_pence


def met_in_time(
    plan: Plan, items: Iterable[Item], receipts: Sequence[Receipt], policy: PlanPolicy
) -> frozenset[Missed]:
    """Return what was found missed and is met in time, as is known now.

    As much more money as was wanted has a value date within the days of grace, and the plan is paid so far: what was
    credited or written off since, or paid late, shows nothing.
    """
    left, _ = split(plan.debts, items)
    return frozenset(one for one in plan.missed if _is_met(one, plan, plan.total_pence - left, receipts, policy))


def _is_met(one: Missed, plan: Plan, paid_pence: int, receipts: Sequence[Receipt], policy: PlanPolicy) -> bool:
    if one.met_from_pence is None:
        return False
    due = sum(instalment.amount_pence for instalment in plan.instalments[: one.number])
    had = _received(receipts, _last_of_grace(plan, one.number, policy))
    return had >= one.met_from_pence and due - paid_pence <= policy.tolerance_pence


def without_met(plan: Plan, account: Account, policy: PlanPolicy) -> Plan:
    """Return a plan without what was found missed and is met in time; money taken back later is judged anew."""
    return replace(plan, missed=plan.missed - met_in_time(plan, account.items, account.receipts, policy))


def too_many(missed: Collection[Missed], policy: PlanPolicy) -> bool:
    """Say whether so many instalments in a row have so many missed among them that the plan fails."""
    ordered = numbers(missed)
    ends = zip(ordered, ordered[policy.fails_at_missed - 1 :], strict=False)
    return any(last - first < policy.in_a_row for first, last in ends)


def numbers(missed: Iterable[Missed]) -> list[int]:
    """Return the numbers of instalments, the first one first."""
    return sorted(one.number for one in missed)


def in_words(met: Iterable[Missed]) -> str:
    """Return what is said of instalments that were met in time after all."""
    named = [str(number) for number in numbers(met)]
    which = f"instalment {named[0]} was" if len(named) == 1 else f"instalments {', '.join(named)} were"
    return f"{which} met in time by money that was learnt late"


def _received(receipts: Iterable[Receipt], until: date) -> int:
    return sum(one.pence for one in receipts if one.received_on <= until)


def _last_of_grace(plan: Plan, number: int, policy: PlanPolicy) -> date:
    return last_of_grace(plan.instalments[number - 1].due_on, policy)
