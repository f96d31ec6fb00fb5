"""A day's work: plans, then every account whose day has come: decide, store the decision with its figures, say it."""

from collections.abc import Sequence
from dataclasses import replace

from services.arrears.db import ladder as rows
from services.arrears.domain import ladder
from services.arrears.domain.account import Account
from services.arrears.domain.ladder import Decision
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.settings import read_ladder_policies
from services.arrears.usecases import notice_days, plan_days
from shared.bus.day import DaySlice
from shared.bus.work import Work
from shared.dated import in_force
from shared.events.arrears import OverdueItem, StageReached
from shared.events.topics import STAGE_REACHED

SLICE = 1000
"""Accounts in one transaction."""


async def work_day(piece: DaySlice) -> None:
    """Work one slice under the versions in force; the last one found fewer accounts than a slice holds.

    Plans come first: what they let go or take back is on the ladder, or off it, in the same day's work.
    """
    if await plan_days.work_slice(piece):
        return
    async with piece.sessions() as session:
        due = await rows.load_due(session, piece.day, SLICE)
    done = int(piece.progress) if piece.progress.isdigit() else 0
    following = str(done + 1) if len(due) == SLICE else None
    async with piece.open(following) as work:
        if due:
            policy = in_force(read_ladder_policies(), piece.day)
            await notice_days.look_after(work, await assess(work, due, policy), policy)


async def assess(work: Work, due: Sequence[Account], policy: LadderPolicy) -> list[Account]:
    """Decide about accounts on the day whose book is written, store and say it; returns them as they stand then."""
    decisions = [ladder.assess(account, policy, work.book) for account in due]
    await rows.store_decisions(work.session, work.book, decisions)
    for account, decision in zip(due, decisions, strict=True):
        if decision.reached is not None:
            work.stage(STAGE_REACHED, _said(account, decision))
    return [replace(account, rung=decision.rung) for account, decision in zip(due, decisions, strict=True)]


def _said(account: Account, decision: Decision) -> StageReached:
    stage = decision.reached
    assert stage is not None
    assert account.account_ref is not None
    return StageReached(
        account_id=account.account_id,
        account_ref=account.account_ref,
        cycle=decision.rung.cycle,
        stage=stage.number,
        name=stage.name,
        stage_on=decision.day,
        overdue_pence=decision.chased_pence,
        minimum_pence=stage.minimum_pence,
        oldest_due_on=decision.items[0].due_on,
        items=tuple(
            OverdueItem(charge_id=item.charge_id, due_on=item.due_on, open_pence=item.open_pence)
            for item in decision.items
        ),
        policy_version=decision.policy_version,
        reason=decision.reason,
    )
