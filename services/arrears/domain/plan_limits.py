"""What cannot be agreed: a first day that is past or far, debts that are not overdue, instalments of nothing."""

from collections.abc import Sequence
from datetime import date, timedelta

from services.arrears.domain.plan_policy import PlanPolicy
from services.arrears.domain.plans import Debt
from shared.money import as_pounds


def refuse_terms(debts: Sequence[Debt], count: int, first_on: date, policy: PlanPolicy, today: date) -> str | None:
    """Return why terms can never be a plan's on a day; None: they can."""
    latest = today + timedelta(days=policy.first_within_days)
    if not today <= first_on <= latest:
        return f"The first instalment is on {first_on}; it may be from {today} to {latest}."
    if len(set(debts)) < len(debts):
        return "Name each debt once."
    if sum(debt.amount_pence for debt in debts) < count:
        return f"The debt does not make {count} instalments of a penny."
    return None


def refuse_debts(debts: Sequence[Debt], overdue: Sequence[Debt], account_ref: str) -> str | None:
    """Return which debt of a plan is not exactly what is overdue of it, and may be in one; None: all are."""
    pence = {(debt.charge_id, debt.due_on): debt.amount_pence for debt in overdue}
    for debt in debts:
        if (known := pence.get((debt.charge_id, debt.due_on), 0)) != debt.amount_pence:
            return (
                f"{as_pounds(known)} of {debt.charge_id}, due on {debt.due_on}, is overdue and may be in a plan on"
                f" {account_ref}; {as_pounds(debt.amount_pence)} is proposed."
            )
    return None
