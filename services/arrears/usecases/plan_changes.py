"""What every change of a plan leads to: it is kept with its figures, its holds are set or lifted, and it is said."""

from datetime import date

from services.arrears.db import holds as hold_rows
from services.arrears.db import plans as rows
from services.arrears.db.holds import KeptHold
from services.arrears.domain.plan_days import Outcome
from services.arrears.domain.plans import STANDING, Plan
from services.arrears.settings import read_plan_policies
from services.arrears.usecases import holds
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import HoldKind, OverdueItem, PlanChanged, PlanInstalment
from shared.events.housing import PaymentMethod
from shared.events.topics import PLAN_CHANGED
from shared.events.uid import event_uid


async def follow(work: Work, outcome: Outcome, *, stood: bool) -> None:
    """Keep where a plan stands after a change; ``stood``: whether it kept its charges from the ladder before."""
    connection, plan = await driver(work.session), outcome.plan
    await rows.store(connection, outcome)
    await rows.record(connection, outcome, work.book)
    stands = plan.state in STANDING
    if stands and not stood:
        await _hold(work, plan)
    if stood and not stands:
        for hold_id in await hold_rows.standing_of(connection, plan.account_id, holds.PLAN):
            await holds.lift_hold(work, hold_id, f"plan {plan.plan_id} {plan.state}", holds.PLAN)
    work.stage(PLAN_CHANGED, _said(outcome, work.book))


async def _hold(work: Work, plan: Plan) -> None:
    """Keep each charge of a plan from the ladder."""
    for charge_id in sorted({debt.charge_id for debt in plan.debts}):
        hold_id = f"H-{event_uid(f'{plan.plan_id}/{plan.change}', charge_id)}"
        reason = f"repayment plan {plan.plan_id}"
        hold = KeptHold(hold_id, plan.account_id, HoldKind.PLAN_ACTIVE, charge_id, reason, work.book)
        await holds.keep(work, hold, holds.PLAN)


def _said(outcome: Outcome, on: date) -> PlanChanged:
    plan, now = outcome.plan, outcome.progress
    policy = in_force(read_plan_policies(), plan.agreed_on)
    following = now.next if plan.state in STANDING else None
    return PlanChanged(
        account_id=plan.account_id,
        plan_id=plan.plan_id,
        state=plan.state,
        total_pence=plan.total_pence,
        policy_version=policy.version,
        reason=outcome.reason,
        change=plan.change,
        changed_on=on,
        paid_pence=now.paid_pence,
        due_pence=now.due_pence,
        short_pence=now.short_pence,
        current_pence=now.current_pence,
        next_on=following.due_on if following else None,
        next_pence=following.amount_pence if following else None,
        catch_up_by=plan.catch_up_by,
        warned_of=tuple(sorted(plan.warned_of)) or None,
        instalments=tuple(
            PlanInstalment(due_on=one.due_on, amount_pence=one.amount_pence) for one in plan.instalments
        ),
        items=tuple(
            OverdueItem(charge_id=one.charge_id, due_on=one.due_on, open_pence=one.amount_pence) for one in plan.debts
        ),
        frequency=plan.terms.frequency,
        method=PaymentMethod(plan.terms.method),
        current_charges=plan.terms.current_charges,
        grace_office_days=policy.grace_office_days,
        catch_up_days=policy.catch_up_days,
        fails_at_missed=policy.fails_at_missed,
        in_a_row=policy.in_a_row,
    )  # fmt: skip
